import { describe, expect, it } from 'vitest'
import { sweepTitle } from '../../../../src/contract/words/run-words'
import { summarizeSweep } from '../../../../src/main/project/sweep-files'
import { tinySweep } from '../../../fixtures/tiny-sweep'

describe('the title of a sweep', () => {
  it('tells a preview from a whole sweep with the same result', () => {
    const whole = summarizeSweep(tinySweep())
    expect(sweepTitle(whole)).toMatch(/^Characters: layer/)
    expect(sweepTitle({ ...whole, isPreview: true })).toMatch(/^Characters, preview: layer/)
  })
})
