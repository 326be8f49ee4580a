import { expect, it } from 'vitest'
import { rangesWords } from '../../../../src/main/report/sections/sweep-findings'
import { workCell } from '../../../../src/main/report/sections/work-cell'
import { BARE_PREVIEW } from '../../../fixtures/bare-sweep'
import { tinySweep } from '../../../fixtures/tiny-sweep'

it('counts the work of a full sweep in block evaluations, and that of a preview in rows, as its plan does', () => {
  const sweep = tinySweep()
  const followUp = { ...sweep.work, blockEvaluations: 2 }
  expect(workCell({ ...sweep, followUp })).toEqual({ text: '8 block evaluations' })
  expect(rangesWords(sweep)).toBe('3 ranges')
  const preview = {
    ...BARE_PREVIEW,
    prompts: [0, 2],
    ranges: sweep.ranges.slice(1).map((range) => ({ ...range, margins: { validity: 0.1, diversity: 0.1 } }))
  }
  const previewed = { ...sweep, followUp, ranges: sweep.ranges.slice(0, 1), preview }
  expect(workCell(previewed)).toEqual({
    text: '1 row',
    detail: 'through blocks, 25 % of a full sweep’s; then 2 block evaluations'
  })
  expect(rangesWords(previewed)).toBe('1 range exact, 2 estimated from 2 prompts')
})
