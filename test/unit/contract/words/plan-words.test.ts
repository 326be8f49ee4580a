import { describe, expect, it } from 'vitest'
import { previewLine } from '../../../../src/contract/words/plan-words'

const preview = { rows: 200, wholeRows: 1000, promptCount: 4, peakBytes: 2 ** 30 }
const line = (seconds: number, whole: number): string =>
  previewLine({ ...preview, seconds }, { seconds: whole, computeSeconds: whole, readSeconds: 0 })

describe('the plan of a preview', () => {
  it('says when it saves little or nothing', () => {
    expect(line(11, 50)).toMatch(
      /^all ranges on 4 prompts, finalists on all · at most 20 % of the work · peak [\d.]+ GiB · about 11 s$/
    )
    expect(line(0.53, 0.61)).toMatch(/ · about 0\.53 s, which saves little or nothing$/)
    expect(line(0.9, 0.5)).toMatch(/which saves little or nothing$/)
  })
})
