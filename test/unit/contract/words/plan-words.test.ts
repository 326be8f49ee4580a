import { describe, expect, it } from 'vitest'
import { copiesCaution, previewLine } from '../../../../src/contract/words/plan-words'

const preview = { rows: 200, wholeRows: 1000, promptCount: 4, peakBytes: 2 ** 30 }
const line = (seconds: number, whole: number): string =>
  previewLine({ ...preview, seconds, timedBy: 'block' }, { seconds: whole })

describe('the plan of a preview', () => {
  it('says when it saves little or nothing', () => {
    expect(line(11, 50)).toMatch(
      /^all ranges on 4 prompts, finalists on all · at most 20 % of the work · peak [\d.]+ GiB · about 11 s timed with one block, if the machine gets no busier$/
    )
    expect(line(0.53, 0.61)).toMatch(
      / · about 0\.53 s timed with one block, if the machine gets no busier, which saves little or nothing$/
    )
    expect(previewLine({ ...preview, seconds: 11, timedBy: 'sweep' }, { seconds: 50 })).toMatch(
      / · about 11 s by the last sweep$/
    )
    expect(line(0.9, 0.5)).toMatch(/which saves little or nothing$/)
  })
})

it('a plan with little free memory on the device says how much it copies', () => {
  const flops = { projections: 1.07e15, head: 0 }
  const caution = (toDevice: number): string | null =>
    copiesCaution({ flops, copies: { runs: 300, toDevice, fromDevice: 0 } })
  expect(caution(2.6e12)).toBe('copies 2,422 GiB to the device, less if more of its memory is free')
  expect(caution(2.67e11)).toBeNull()
  expect(copiesCaution({ flops })).toBeNull()
})
