import type { RenderedPrompt } from '../../contract/crc'
import { WorkbenchError } from '../../contract/problem'
import type { PairMember } from '../checkpoint/pair'
import { loadTextModel, type TextModel } from '../text/text-model'
import { characterGroups } from './characters'
import { promptName, type RenderedPrompts } from './render-prompts'

export interface BaseComparison {
  /** Why base as a whole model cannot be compared; null when it can. */
  unavailable: string | null
  notice: string | null
}

/**
 * Whether base as a whole model (its own embeddings and head) can be scored on the very tokens that post sees. It can
 * when its own tokenizer turns the prompts, rendered with post's template, into the same tokens and the same tokens add
 * the valid characters. Restoration never needs this: embeddings and head always come from post.
 */
export async function compareBase(
  base: PairMember,
  post: PairMember,
  postText: TextModel,
  rendered: RenderedPrompts,
  countLeadingSpace: boolean
): Promise<BaseComparison> {
  const outside = firstTokenOutside(rendered, base.spec.vocabularySize)
  if (outside !== null) {
    return unavailable(
      `base's vocabulary has ${base.spec.vocabularySize} tokens and the prompts use token ${outside}`
    )
  }
  const { contextLength } = base.spec
  const longest = Math.max(...rendered.prompts.map((prompt) => prompt.tokens.length))
  if (contextLength !== null && longest > contextLength) {
    return unavailable(
      `base's context window is ${contextLength} tokens and the longest prompt has ${longest}`
    )
  }
  const baseText = await loadTextModel(base.checkpoint.path).catch((error: unknown) => {
    if (error instanceof WorkbenchError) return error
    throw error
  })
  if (!(baseText instanceof WorkbenchError)) {
    const difference = firstDifference(baseText, postText, rendered, countLeadingSpace)
    return difference === null ? { unavailable: null, notice: null } : unavailable(difference)
  }
  if (baseText.problem.code !== 'not-found') return unavailable(baseText.message)
  if (base.spec.vocabularySize !== post.spec.vocabularySize) {
    return unavailable(
      `base has no tokenizer of its own, and its vocabulary of ${base.spec.vocabularySize} tokens is not ` +
        `post's of ${post.spec.vocabularySize}`
    )
  }
  return { unavailable: null, notice: "Base has no tokenizer of its own: it is taken to share post's." }
}

/** The first token of the prompts or their answers at or beyond `vocabularySize`; null when there is none. */
export function firstTokenOutside(rendered: RenderedPrompts, vocabularySize: number): number | null {
  const isOutside = (token: number): boolean => token >= vocabularySize
  for (const prompt of rendered.prompts) {
    const token = prompt.tokens.find(isOutside)
    if (token !== undefined) return token
  }
  return rendered.groups.flat(2).find(isOutside) ?? null
}

function firstDifference(
  baseText: TextModel,
  postText: TextModel,
  rendered: RenderedPrompts,
  countLeadingSpace: boolean
): string | null {
  for (const [index, prompt] of rendered.prompts.entries()) {
    const name = promptName(prompt, index)
    if (!sameTokens(baseText, postText, prompt))
      return `${name} becomes other tokens under base's own tokenizer`
    const { groups } = characterGroups(baseText, prompt.tokens, prompt.valid, countLeadingSpace)
    const differs = groups.findIndex(
      (group, character) => !equal(group, rendered.groups[index]?.[character] ?? [])
    )
    if (differs !== -1) {
      return `other tokens add "${prompt.valid[differs] ?? ''}" to ${name} under base's own tokenizer`
    }
  }
  return null
}

function sameTokens(baseText: TextModel, postText: TextModel, prompt: RenderedPrompt): boolean {
  try {
    return equal(baseText.encode(prompt.rendered, !postText.hasChatTemplate), prompt.tokens)
  } catch (error) {
    // Base's tokenizer has no tokens for a part of the prompt.
    if (error instanceof WorkbenchError) return false
    throw error
  }
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index])
}

function unavailable(reason: string): BaseComparison {
  return { unavailable: `Base cannot be compared as a whole model: ${reason}.`, notice: null }
}
