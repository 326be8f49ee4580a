import { WorkbenchError } from '../../contract/model/problem'
import { capitalised } from '../../contract/words/format'
import type { PairMember } from './pair-member'
import { recentTextModel } from '../text/recent-text-models'
import { encodeOne, type TextModel } from '../text/text-model'

/** What a task gives both models to read, and may read from them. */
export interface SharedTokens {
  /** Of every prompt. */
  prompts: readonly (readonly number[])[]
  /** Tokens of answers, as far as the task names them. */
  answers: readonly number[]
}

/** A checkpoint that is computed whole, with its own embeddings and head: base, or another one beside the pair. */
export interface WholeModel {
  member: PairMember
  /** In a sentence: base, or the name of the other in quotes. */
  name: string
}

export interface WholeModelTokens {
  /** Why the model cannot be given these tokens; null when it can. */
  unavailable: string | null
  notice: string | null
  /** Its own tokenizer; null when it has none, or when it is unavailable. */
  text: TextModel | null
}

/**
 * Whether a whole model can be given the very tokens that post sees. Restoration never needs this: embeddings and head
 * always come from post.
 *
 * @param difference what its own tokenizer makes differently of the task; null when it agrees
 */
export async function compareTokens(
  { member, name }: WholeModel,
  post: PairMember,
  shared: SharedTokens,
  difference: (ownText: TextModel) => Promise<string | null>
): Promise<WholeModelTokens> {
  const { vocabularySize, contextLength } = member.spec
  const unavailable = (reason: string): WholeModelTokens => ({
    unavailable: `${capitalised(name)} cannot be compared as a whole model: ${reason}.`,
    notice: null,
    text: null
  })
  const outside = firstTokenOutside(shared, vocabularySize)
  if (outside !== null) {
    return unavailable(
      `${name}'s vocabulary has ${vocabularySize} tokens and the prompts use token ${outside}`
    )
  }
  const longest = shared.prompts.reduce((length, tokens) => Math.max(length, tokens.length), 0)
  if (contextLength !== null && longest > contextLength) {
    return unavailable(
      `${name}'s context window is ${contextLength} tokens and the longest prompt has ${longest}`
    )
  }
  const text = await recentTextModel(member.checkpoint.path).catch((error: unknown) => {
    if (error instanceof WorkbenchError) return error
    throw error
  })
  if (!(text instanceof WorkbenchError)) {
    const different = await difference(text)
    return different === null ? { unavailable: null, notice: null, text } : unavailable(different)
  }
  if (text.problem.code !== 'not-found') return unavailable(text.message)
  if (vocabularySize !== post.spec.vocabularySize) {
    return unavailable(
      `${name} has no tokenizer of its own, and its vocabulary of ${vocabularySize} tokens is not ` +
        `post's of ${post.spec.vocabularySize}`
    )
  }
  return {
    unavailable: null,
    notice: `${capitalised(name)} has no tokenizer of its own: it is taken to share post's.`,
    text: null
  }
}

/** The tokenizer of a model's own; null where its folder has none. @throws WorkbenchError `bad-file` for a broken one */
export async function ownTextModel({ checkpoint }: PairMember): Promise<TextModel | null> {
  try {
    return await recentTextModel(checkpoint.path)
  } catch (error) {
    if (error instanceof WorkbenchError && error.problem.code === 'not-found') return null
    throw error
  }
}

/** @throws WorkbenchError `bad-file` when the tokenizer gives tokens that the checkpoint has no embedding for */
export function refuseTokensOutside({ checkpoint, spec }: PairMember, shared: SharedTokens): void {
  const outside = firstTokenOutside(shared, spec.vocabularySize)
  if (outside === null) return
  throw new WorkbenchError(
    'bad-file',
    `The tokenizer in ${checkpoint.path} gives token ${outside}, but the checkpoint's vocabulary has ` +
      `${spec.vocabularySize} tokens.`,
    'Use the tokenizer.json that belongs to this checkpoint.'
  )
}

/** The first token at or beyond `vocabularySize`; null when there is none. */
function firstTokenOutside({ prompts, answers }: SharedTokens, vocabularySize: number): number | null {
  const isOutside = (token: number): boolean => token >= vocabularySize
  for (const tokens of prompts) {
    const token = tokens.find(isOutside)
    if (token !== undefined) return token
  }
  return answers.find(isOutside) ?? null
}

/** Whether a tokenizer turns a text into exactly these tokens. */
export async function becomesTokens(
  text: TextModel,
  rendered: string,
  addSpecialTokens: boolean,
  tokens: readonly number[]
): Promise<boolean> {
  try {
    return sameTokens(await encodeOne(text, rendered, addSpecialTokens), tokens)
  } catch (error) {
    // The tokenizer has no tokens for a part of the text.
    if (error instanceof WorkbenchError) return false
    throw error
  }
}

export function sameTokens(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((token, index) => token === b[index])
}
