import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import { describeSweep } from '../../../../src/main/cli/sweep-report'
import { selection as selectionSteps } from '../../../../src/main/crc/selection/selection'
import { tinyCheck, tinySweep, whole } from '../../../fixtures/tiny-sweep'
import { atOnce } from '../../../../src/main/base/steps'

const selection = (...given: Parameters<typeof selectionSteps>) => atOnce(selectionSteps(...given))

it('tells people of a sweep what a check that still holds of it makes of it', () => {
  const tiny = tinySweep()
  const sweep = { ...tiny, selection: selection(tiny.prompts, tiny.post, tiny.ranges, 0.9) }
  const check = tinyCheck([
    { recipe: { name: 'Layer 1', ranges: [[1, 1]] }, ...whole(0.5, 0.8) },
    { recipe: { name: 'Layer 0', ranges: [[0, 0]] }, ...whole(0.95, 0.5) }
  ])
  const [unchecked, checked] = [null, check].map((of) =>
    stripVTControlCharacters(describeSweep(sweep, of, 'slr check'))
  )
  expect(unchecked).toMatch(/^.* of layer 1 /)
  expect(unchecked).toMatch(/^layer 1 /m)
  expect(checked).toMatch(/^.* of layer 0 /)
  expect(checked).toMatch(/^layer 0 /m)
  expect(checked).not.toMatch(/^layer 1 /m)
})
