import { createHash } from 'node:crypto'
import type { SweptPrompt } from '../../contract/documents/crc'
import { multimap } from '../../contract/model/multimap'

/** A prompt that two sweeps share, with its index in each sweep. */
export interface MatchedPrompt {
  inA: number
  inB: number
  category: string
}

/** Matches prompts with the same text, category and right answers. Repeated prompts are matched one to one. */
export function matchedPrompts(a: readonly SweptPrompt[], b: readonly SweptPrompt[]): MatchedPrompt[] {
  const unmatched = multimap(b.map((prompt, index) => [keyOf(prompt), index]))
  return a.flatMap((prompt, inA) => {
    const inB = unmatched.get(keyOf(prompt))?.shift()
    return inB === undefined ? [] : [{ inA, inB, category: prompt.category }]
  })
}

/** Builds a key that is equal for sweeps with the same prompts, in any order. */
export const promptsKey = (prompts: readonly SweptPrompt[]): string =>
  createHash('sha256')
    .update(JSON.stringify(prompts.map(keyOf).toSorted()))
    .digest('hex')
    .slice(0, 16)

const keyOf = ({ text, category, valid }: SweptPrompt): string => JSON.stringify([text, category, valid.toSorted()])
