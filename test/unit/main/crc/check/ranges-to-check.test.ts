import { expect, it } from 'vitest'
import type { CrossFit, SweepDocument } from '../../../../../src/contract/documents/crc'
import { atOnce } from '../../../../../src/main/base/steps'
import { selectAnew } from '../../../../../src/main/crc/check/checked-selection'
import { rangesToCheck } from '../../../../../src/main/crc/check/check-sweep'
import { tinyCheck, tinySweep, whole } from '../../../../fixtures/tiny-sweep'

const fold = (selected: CrossFit['folds'][number]['selected']): CrossFit['folds'][number] => ({
  selected,
  ...{ validity: 0.9, diversity: 0.6, postValidity: 0.98, postDiversity: 0.4 }
})

/** A sweep whose halves picked layer 1, the best of all, and layers 0-1, which all prompts find too little valid. */
function halved(): SweepDocument {
  const sweep = tinySweep()
  const selection = atOnce(selectAnew(sweep, null, 0.9))
  if (selection === null) throw new Error('the sweep has ranges')
  const { validity, diversity, postValidity, postDiversity } = fold(null)
  const crossFit: CrossFit = {
    folds: [fold({ start: 1, end: 1 }), fold({ start: 0, end: 1 })],
    ...{ validity, diversity, postValidity, postDiversity }
  }
  return { ...sweep, selection: { ...selection, crossFit, crossFitReason: null } }
}

const names = (...args: Parameters<typeof rangesToCheck>): string[] =>
  rangesToCheck(...args).map(({ name }) => name)

it('has what halves of the prompts picked checked behind the best of all, and no more ranges for it', () => {
  expect(names(tinySweep(), null, 0.9)).toEqual(['Layer 1', 'Layer 0'])
  expect(names(halved(), null, 0.9)).toEqual(['Layer 1', 'Layers 0–1', 'Layer 0'])
  expect(names(halved(), null, 0.9, 2)).toEqual(['Layer 1', 'Layers 0–1'])
  expect(names(halved(), null, 0.9, 1)).toEqual(['Layer 1'])
  const seen = tinyCheck([{ recipe: { name: 'whole', ranges: [[0, 1]] }, ...whole(0.6, 0.8) }])
  expect(names(halved(), seen, 0.9)).toEqual(['Layer 1', 'Layer 0'])
})

it('does so for the limit that the halves were picked at alone, and calls a sweep checked that has no candidate left', () => {
  expect(names(halved(), null, 0.95)).toEqual(['Layer 0'])
  const seen = tinyCheck([
    { recipe: { name: 'upper', ranges: [[1, 1]] }, ...whole(0.9, 0.8) },
    { recipe: { name: 'lower', ranges: [[0, 0]] }, ...whole(0.9, 0.5) }
  ])
  expect(names(halved(), seen, 0.9)).toEqual([])
})
