import { fileError, WorkbenchError } from '../../contract/model/problem'
import { capitalised, formatCount, plural } from '../../contract/words/format'
import type { PairMember } from './pair-member'
import { recentTextModel } from '../text/recent-text-models'
import { encodeOne, type TextModel } from '../text/text-model'
import { nullIfNotFound } from '../base/files/with-fallback'

/** Token ids of post's tokenizer that a task gives to all models: its prompts, and the answers that are scored. */
export interface SharedTokens {
  prompts: readonly (readonly number[])[]
  answers: readonly number[]
}

/** A checkpoint that is computed as a whole, with its own embeddings and head: base, or another one. */
export interface WholeModel {
  member: PairMember
  name: string
  /** True for base after a few-shot prompt. */
  isFewShot?: boolean
}

/** Result of the check whether a whole model can be scored on post's tokens. */
export interface WholeModelTokens {
  /** Reason why the model cannot be scored on these tokens; null if it can. */
  unavailable: string | null
  /** Remark for the user. */
  notice: string | null
  /** Tokenizer of the model; null if the model has none, or cannot be scored. */
  text: TextModel | null
}

/**
 * Checks whether a whole model can be scored on post's tokens. Token ids and prompts must fit its vocabulary and
 * context window, and its own tokenizer, if there is one, must give the same tokens.
 *
 * @param difference describes what the model's own tokenizer does differently; null for no difference
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
  const unknownToken = firstTokenOutside(shared, vocabularySize)
  if (unknownToken !== null) {
    return unavailable(
      `${name}'s vocabulary has ${plural(vocabularySize, 'token')} and the prompts use token ${unknownToken}`
    )
  }
  const longest = shared.prompts.reduce((length, tokens) => Math.max(length, tokens.length), 0)
  if (contextLength !== null && longest > contextLength) {
    return unavailable(
      `${name}'s context window is ${plural(contextLength, 'token')} and the longest prompt has ${formatCount(longest)}`
    )
  }
  const textOrError = await recentTextModel(member.checkpoint.textFolder).catch((error: unknown) => {
    if (error instanceof WorkbenchError) return error
    throw error
  })
  if (!(textOrError instanceof WorkbenchError)) {
    const different = await difference(textOrError)
    return different === null ? { unavailable: null, notice: null, text: textOrError } : unavailable(different)
  }
  if (textOrError.problem.code !== 'not-found') return unavailable(textOrError.message)
  if (vocabularySize !== post.spec.vocabularySize) {
    return unavailable(
      `${name} has no tokenizer of its own, and its vocabulary of ${plural(vocabularySize, 'token')} is not ` +
        `post's of ${formatCount(post.spec.vocabularySize)}`
    )
  }
  return {
    unavailable: null,
    notice: `${capitalised(name)} has no tokenizer of its own: it is taken to share post's.`,
    text: null
  }
}

/** Opens the model's own tokenizer; null without one. @throws WorkbenchError `bad-file` */
export async function ownTextModel({ checkpoint }: PairMember): Promise<TextModel | null> {
  return nullIfNotFound(recentTextModel(checkpoint.textFolder))
}

/** Refuses tokens without an embedding in the checkpoint. @throws WorkbenchError `bad-file` */
export function refuseTokensOutside({ checkpoint, spec }: PairMember, shared: SharedTokens): void {
  const unknownToken = firstTokenOutside(shared, spec.vocabularySize)
  if (unknownToken === null) return
  throw fileError(
    `The tokenizer in ${checkpoint.path} gives token ${unknownToken}, but the checkpoint's vocabulary has ` +
      `${plural(spec.vocabularySize, 'token')}.`,
    'Use the tokenizer.json that belongs to this checkpoint.'
  )
}

/** Finds the first token at or beyond `vocabularySize`; null if there is none. */
function firstTokenOutside({ prompts, answers }: SharedTokens, vocabularySize: number): number | null {
  const isOutside = (token: number): boolean => token >= vocabularySize
  for (const tokens of prompts) {
    const token = tokens.find(isOutside)
    if (token !== undefined) return token
  }
  return answers.find(isOutside) ?? null
}

/** Reports whether a tokenizer turns a text into exactly these tokens. */
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
