import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { HoldOutSplit } from '../../../contract/documents/crc'
import { inputError } from '../../../contract/model/problem'
import { elementAt } from '../../../contract/model/look-up'
import { promptsByCategory } from './score-table'

/** Draws half of each category's prompts as selection prompts. The other prompts are held out. */
export function drawSplit(prompts: readonly { category: string }[], seed: number): HoldOutSplit {
  const { categories, categoryNames } = promptsByCategory(prompts)
  const single = categories.findIndex((indices) => indices.length === 1)
  if (single !== -1) {
    throw inputError(
      `The category "${elementAt(categoryNames, single, 'category')}" has a single question, ` +
        'which cannot be split into two halves.',
      'Add questions to it, or choose and report on all.'
    )
  }
  const random = xoroshiro128plus(seed)
  const selection = categories.flatMap((indices) => {
    const remaining = [...indices]
    const drawn: number[] = []
    // Drawing moves a prompt, so the loop ends at half. Of an odd number, the larger half is drawn.
    while (drawn.length < remaining.length)
      drawn.push(...remaining.splice(uniformInt(random, 0, remaining.length - 1), 1))
    return drawn
  })
  const chosen = new Set(selection)
  const ascending = (indices: Iterable<number>): number[] => [...indices].sort((a, b) => a - b)
  return {
    seed,
    selection: ascending(chosen),
    holdOut: prompts.flatMap((_, index) => (chosen.has(index) ? [] : [index]))
  }
}
