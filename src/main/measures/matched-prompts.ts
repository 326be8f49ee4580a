import { createHash } from 'node:crypto'
import type { SweptPrompt } from '../../contract/documents/crc'
import { multimap } from '../../contract/model/multimap'

/** A prompt that two sweeps have, by its places in them. */
export interface MatchedPrompt {
  inA: number
  inB: number
  category: string
}

/**
 * Prompts that ask the same, of the same category and with the same right answers, however they were rendered. A prompt that stands
 * several times in both is matched as often.
 */
export function matchedPrompts(a: readonly SweptPrompt[], b: readonly SweptPrompt[]): MatchedPrompt[] {
  const left = multimap(b.map((prompt, place) => [keyOf(prompt), place]))
  return a.flatMap((prompt, inA) => {
    const inB = left.get(keyOf(prompt))?.shift()
    return inB === undefined ? [] : [{ inA, inB, category: prompt.category }]
  })
}

/** Equal for prompts that all match. */
export const promptsKey = (prompts: readonly SweptPrompt[]): string =>
  createHash('sha256')
    .update(JSON.stringify(prompts.map(keyOf).toSorted()))
    .digest('hex')
    .slice(0, 16)

const keyOf = ({ text, category, valid }: SweptPrompt): string =>
  JSON.stringify([text, category, valid.toSorted()])
