import { describe, expect, it } from 'vitest'
import { computedWords, sweepTitle } from '../../../../src/contract/words/run-words'
import { summarizeSweep } from '../../../../src/main/project/documents/sweep-files'
import { COMPUTED } from '../../../fixtures/run-computation'
import { tinySweep } from '../../../fixtures/tiny-sweep'

describe('the title of a sweep', () => {
  it('distinguishes a preview from a full sweep with the same result', () => {
    const whole = summarizeSweep(tinySweep(), null)
    expect(sweepTitle(whole)).toBe('Characters: layer 1, diversity 0.800')
    expect(sweepTitle({ ...whole, isPreview: true, exactCount: 2 })).toBe(
      'Characters, preview, 2 of 3 ranges exact: layer 1, diversity 0.800'
    )
  })

  it('names the diversity of full answers once they were checked', () => {
    const checked = { ...summarizeSweep(tinySweep(), null), bestAnswers: { validity: 0.9, diversity: 0.75 } }
    expect(sweepTitle(checked)).toBe('Characters: layer 1, diversity 0.750 of full answers')
  })
})

it("names the basis of a preview's estimates", () => {
  const run = {
    computed: { ...COMPUTED, promptCount: 40, estimatedFrom: 4 },
    checkpoints: { base: 'b', post: 'p' }
  }
  expect(computedWords(run)).toContain('most ranges estimated from 4 of them')
})
