import { expect, it } from 'vitest'
import { searchTimeWords, triedWords } from '../../../../src/contract/words/search-words'
import { tinySweep } from '../../../fixtures/tiny-sweep'

it('estimates the maximum time of a search by the pace of its sweep, on all prompts and in as many groups', () => {
  const sweep = { ...tinySweep(), seconds: 10, reusedPromptCount: 0, prompts: [1, 2, 3, 4] }
  const work = { ...sweep.work, blockEvaluations: 100 }
  const told = (changes: Partial<Parameters<typeof searchTimeWords>[1]> = {}): string =>
    searchTimeWords({ blockEvaluations: 1000 }, { ...sweep, work, ...changes })
  expect(told()).toMatch(/^At most about 100 s at this sweep's pace\./)
  // Half of the prompts were there already, so that the pace is that of the other half.
  expect(told({ reusedPromptCount: 2 })).toContain('about 3 min')
  expect(told({ reusedPromptCount: 4 })).toMatch(/^The time is unknown/)
})

it('says that a search had no recipe to try', () => {
  const settings = {
    ...{ method: 'strengths' as const, starts: ['range' as const], halves: false },
    ...{ least: 0, most: 1, generations: 6, blockEvaluations: 1000, seed: 1 }
  }
  expect(triedWords({ settings, stopped: 'nothing-better', generations: [] })).toBe(
    'no recipe beyond those of the sweep'
  )
})
