import { WorkbenchError } from '../../contract/problem'
import type { PairMember } from '../checkpoint/pair'
import { recentTextModel } from './recent-text-models'
import type { TextModel } from './text-model'

/** What a task gives both models to read, and may read from them. */
export interface SharedTokens {
  /** Of every prompt. */
  prompts: readonly (readonly number[])[]
  /** Tokens of answers, as far as the task names them. */
  answers: readonly number[]
}

export interface BaseTokens {
  /** Why base as a whole model cannot be given these tokens; null when it can. */
  unavailable: string | null
  notice: string | null
  /** Base's own tokenizer; null when it has none, or when base is unavailable. */
  text: TextModel | null
}

/**
 * Whether base as a whole model (its own embeddings and head) can be given the very tokens that post sees. Restoration
 * never needs this: embeddings and head always come from post.
 *
 * @param difference what base's own tokenizer makes differently of the task; null when it agrees
 */
export async function compareBaseTokens(
  base: PairMember,
  post: PairMember,
  shared: SharedTokens,
  difference: (baseText: TextModel) => string | null
): Promise<BaseTokens> {
  const { vocabularySize, contextLength } = base.spec
  const outside = firstTokenOutside(shared, vocabularySize)
  if (outside !== null) {
    return unavailable(`base's vocabulary has ${vocabularySize} tokens and the prompts use token ${outside}`)
  }
  const longest = shared.prompts.reduce((length, tokens) => Math.max(length, tokens.length), 0)
  if (contextLength !== null && longest > contextLength) {
    return unavailable(
      `base's context window is ${contextLength} tokens and the longest prompt has ${longest}`
    )
  }
  const text = await recentTextModel(base.checkpoint.path).catch((error: unknown) => {
    if (error instanceof WorkbenchError) return error
    throw error
  })
  if (!(text instanceof WorkbenchError)) {
    const different = difference(text)
    return different === null ? { unavailable: null, notice: null, text } : unavailable(different)
  }
  if (text.problem.code !== 'not-found') return unavailable(text.message)
  if (vocabularySize !== post.spec.vocabularySize) {
    return unavailable(
      `base has no tokenizer of its own, and its vocabulary of ${vocabularySize} tokens is not ` +
        `post's of ${post.spec.vocabularySize}`
    )
  }
  return {
    unavailable: null,
    notice: "Base has no tokenizer of its own: it is taken to share post's.",
    text: null
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
export function becomesTokens(
  text: TextModel,
  rendered: string,
  addSpecialTokens: boolean,
  tokens: readonly number[]
): boolean {
  try {
    return sameTokens(text.encode(rendered, addSpecialTokens), tokens)
  } catch (error) {
    // The tokenizer has no tokens for a part of the text.
    if (error instanceof WorkbenchError) return false
    throw error
  }
}

export function sameTokens(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((token, index) => token === b[index])
}

function unavailable(reason: string): BaseTokens {
  return { unavailable: `Base cannot be compared as a whole model: ${reason}.`, notice: null, text: null }
}
