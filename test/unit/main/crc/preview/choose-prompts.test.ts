import { describe, expect, it } from 'vitest'
import { choosePrompts } from '../../../../../src/main/crc/preview/choose-prompts'

const categories = [
  [0, 2, 4, 6, 8],
  [1, 3, 5, 7, 9]
]
/** Five tokens of a prompt, and one for each place it has: later prompts are longer. */
const countRows = (prompts: readonly number[]): number => prompts.reduce((sum, prompt) => sum + 5 + prompt, 0)

describe('prompts that represent all', () => {
  it('are as many of each category as may be taken, and no more rows than that', () => {
    const drawn = choosePrompts({ categories, known: [], countRows, maxRows: 40, seed: 1 })
    expect(drawn?.map((prompts) => prompts.length)).toEqual([3, 2])
    expect(countRows(drawn?.flat() ?? [])).toBeLessThanOrEqual(40)
  })

  it('have the means of all prompts in the known scores', () => {
    // In each category, the mean is that of the middle prompt, or of any two around it.
    const value = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    const drawn = choosePrompts({ categories, known: [value], countRows, maxRows: 100, seed: 1 })
    for (const prompts of drawn ?? []) {
      const mean = prompts.reduce((sum, prompt) => sum + (value[prompt] ?? NaN), 0) / prompts.length
      expect(mean).toBeCloseTo(2, 5)
    }
  })

  it('are the same for the same seed', () => {
    const choice = {
      categories,
      known: [[3, 1, 4, 1, 5, 9, 2, 6, 5, 3]],
      countRows,
      maxRows: 40,
      seed: 7
    }
    expect(choosePrompts(choice)).toEqual(choosePrompts(choice))
  })

  it('are none where not one of each category may be taken', () => {
    expect(choosePrompts({ categories, known: [], countRows, maxRows: 10, seed: 1 })).toBeNull()
  })
})
