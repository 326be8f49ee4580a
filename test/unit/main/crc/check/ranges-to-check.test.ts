import { expect, it } from 'vitest'
import type { CrossFit, SweepDocument } from '../../../../../src/contract/documents/crc'
import { runToEnd } from '../../../../../src/main/base/steps'
import { recomputeSelection } from '../../../../../src/main/crc/check/checked-selection'
import { baselinesToCheck, missingOfCheck, rangesToCheck } from '../../../../../src/main/crc/check/check-sweep'
import { parseDocument } from '../../../../../src/main/base/files/migrate'
import { CHECK_FORMAT } from '../../../../../src/main/project/documents/stored-documents'
import { tinyCheck, tinySweep, whole } from '../../../../fixtures/tiny-sweep'

const fold = (selected: CrossFit['folds'][number]['selected']): CrossFit['folds'][number] => ({
  selected,
  ...{ validity: 0.9, diversity: 0.6, postValidity: 0.98, postDiversity: 0.4 }
})

/** A sweep whose halves picked layer 1, the best of all, and layers 0-1, which all prompts find too little valid. */
function halved(): SweepDocument {
  const sweep = tinySweep()
  const selection = runToEnd(recomputeSelection(sweep, null, 0.9))
  if (selection === null) throw new Error('the sweep has ranges')
  const { validity, diversity, postValidity, postDiversity } = fold(null)
  const crossFit: CrossFit = {
    folds: [fold({ start: 1, end: 1 }), fold({ start: 0, end: 1 })],
    ...{ validity, diversity, postValidity, postDiversity }
  }
  return { ...sweep, selection: { ...selection, crossFit, crossFitReason: null } }
}

const names = (...args: Parameters<typeof rangesToCheck>): string[] => rangesToCheck(...args).map(({ name }) => name)

it('has the ranges picked by halves of the prompts checked after the best of all, and no more ranges for it', () => {
  expect(names(tinySweep(), null, 0.9)).toEqual(['Layer 1', 'Layer 0'])
  expect(names(halved(), null, 0.9)).toEqual(['Layer 1', 'Layers 0–1', 'Layer 0'])
  expect(names(halved(), null, 0.9, 2)).toEqual(['Layer 1', 'Layers 0–1'])
  expect(names(halved(), null, 0.9, 1)).toEqual(['Layer 1'])
  const seen = tinyCheck([{ recipe: { name: 'whole', ranges: [[0, 1]] }, ...whole(0.6, 0.8) }])
  expect(names(halved(), seen, 0.9)).toEqual(['Layer 1', 'Layer 0'])
})

it('does so only for the limit of the halves, and calls a sweep checked that has no candidate left', () => {
  expect(names(halved(), null, 0.95)).toEqual(['Layer 0'])
  const seen = tinyCheck([
    { recipe: { name: 'upper', ranges: [[1, 1]] }, ...whole(0.9, 0.8) },
    { recipe: { name: 'lower', ranges: [[0, 0]] }, ...whole(0.9, 0.5) }
  ])
  expect(names(halved(), seen, 0.9)).toEqual([])
})

const BLENDED: SweepDocument = {
  ...tinySweep(),
  uniformBlends: [
    { ...tinySweep().post, diversity: 0.6, validity: 0.95, strength: 0.4 },
    { ...tinySweep().post, diversity: 0.7, validity: 0.93, strength: 0.5 },
    { ...tinySweep().post, diversity: 0.8, validity: 0.9, strength: 0.6 },
    { ...tinySweep().post, diversity: 0.9, validity: 0.5, strength: 0.7 },
    { ...tinySweep().post, strength: 0 }
  ],
  baselines: [
    { ...tinySweep().post, diversity: 0.9, validity: 0.95, baseline: { kind: 'filter', share: 0.01 } },
    { ...tinySweep().post, diversity: 0.3, validity: 0.95, baseline: { kind: 'mix', share: 0.1 } }
  ]
}

it('takes the best two baselines of each kind, and further ones until one of the kind passes', () => {
  const blend = (strength: number) => ({ kind: 'uniform-blend' as const, strength })
  const filter = { kind: 'filter' as const, share: 0.01 }
  expect(baselinesToCheck(BLENDED, null, 0.9)).toEqual([blend(0.6), blend(0.5), filter])
  const check = (validity: number) => ({
    ...tinyCheck([]),
    baselines: [
      { baseline: blend(0.6), ...whole(0.5, 0.8) },
      { baseline: blend(0.5), ...whole(validity, 0.7) },
      { baseline: filter, ...whole(0.95, 0.9) }
    ]
  })
  expect(baselinesToCheck(BLENDED, check(0.5), 0.9)).toEqual([blend(0.4)])
  expect(baselinesToCheck(BLENDED, check(0.9), 0.9)).toEqual([])
  // A study that runs again asks for no more than it did.
  expect(missingOfCheck(BLENDED, check(0.5), 0.9, 1).baselines).toEqual([])
})

it('compares a baseline with the range on full answers where both were checked, on first tokens otherwise', () => {
  const scores = (validity: number, diversity: number) => ({
    ...whole(validity, diversity),
    prompts: BLENDED.prompts.map(() => ({ validity, diversity }))
  })
  const checkOf = (blend: number | null, validity = 0.91) => ({
    ...tinyCheck([{ recipe: { name: 'upper', ranges: [[1, 1]] as [number, number][] }, ...scores(0.95, 0.75) }]),
    categories: BLENDED.prompts.map(({ category }) => category),
    baselines:
      blend === null
        ? []
        : [{ baseline: { kind: 'uniform-blend' as const, strength: blend }, ...scores(validity, 0.85) }]
  })
  const blendOf = (check: ReturnType<typeof checkOf>) =>
    runToEnd(recomputeSelection(BLENDED, check, 0.9))?.baselines.find(
      ({ baseline }) => baseline.kind === 'uniform-blend'
    )
  expect(blendOf(checkOf(null))).toMatchObject({ baseline: { strength: 0.6 }, answers: null })
  const both = blendOf(checkOf(0.6))
  expect(both?.answers?.difference.diversity.mean).toBeCloseTo(0.1, 10)
  expect(both?.answers?.minimumValidity).toBeCloseTo(0.9 * 0.98, 10)
  expect(both?.answers).toMatchObject({ validity: 0.91, diversity: 0.85 })
  // One that fails the check gives way to the next that does not.
  expect(blendOf(checkOf(0.6, 0.5))).toMatchObject({ baseline: { strength: 0.5 }, answers: null })
})

it('opens a stored check from before baselines were checked', async () => {
  const { baselines, ...stored } = tinyCheck([])
  expect(baselines).toEqual([])
  const { document } = await parseDocument({ ...stored, schemaVersion: 1 }, 'check.json', CHECK_FORMAT)
  expect(document).toEqual(tinyCheck([]))
})
