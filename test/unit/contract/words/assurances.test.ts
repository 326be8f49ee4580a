import { expect, describe, it } from 'vitest'
import type { CheckResult } from '../../../../src/contract/documents/answer-check'
import type { CrossFit, Selection } from '../../../../src/contract/documents/crc'
import { assurances } from '../../../../src/contract/words/assurances'
import {
  checked,
  checkOfModels,
  CRC,
  LAYERS,
  PASSING,
  POST,
  PREVIEW,
  range,
  RANGES,
  score,
  selectionOf,
  STABLE,
  UNCHECKED,
  whole
} from '../../../fixtures/verdict-evidence'

it('says how sure it is: whole answers, the interval, the baseline, and why there is no cross-fitted score', () => {
  expect(assurances({ ...UNCHECKED, promptCount: 40 })).toMatchObject([
    { label: 'Full answers', value: 'not checked', detail: 'all other figures are of first tokens' },
    {
      label: 'Gain in diversity',
      value: '+0.459',
      detail: '+0.440 to +0.480 in 95 % of 1,000 resamples of the prompts'
    },
    { label: 'Same range wins', value: '70 %', detail: 'of the resamples; next: layers 5–11 with 30 %' },
    { label: 'Cross-fitted', value: '–', detail: 'a category has fewer than two prompts' }
  ])
  expect(assurances({ ...UNCHECKED, promptCount: 40, check: PASSING })[0]).toMatchObject({
    label: 'Full answers',
    value: '0.900',
    detail: 'validity, exact; limit 0.891, post 0.990'
  })
  const difference = { mean: 0.3, interval: [0.2, 0.4] satisfies [number, number], pValue: 0.001 }
  const holdOut = {
    ...{
      selectionPromptCount: 20,
      holdOutPromptCount: 19,
      post: score(0.99, 0.45),
      selected: score(0.9, 0.75)
    },
    gain: { validity: difference, diversity: difference }
  }
  const split = assurances({ ...UNCHECKED, promptCount: 40, selection: { ...STABLE, holdOut } })
  expect(split.slice(1, 3)).toMatchObject([
    {
      label: 'Gain in diversity',
      value: '+0.300',
      detail: '95 % interval +0.200 to +0.400, on the 19 hold-out prompts, which did not select it'
    },
    {
      label: 'Same range wins',
      value: '70 %',
      detail: 'of the resamples of the 20 selection prompts; next: layers 5–11 with 30 %'
    }
  ])
  const rarely = { ...STABLE, bootstrap: { ...STABLE.bootstrap, noSelectionShare: 0.02 } }
  expect(assurances({ ...UNCHECKED, promptCount: 40, selection: rarely })[2]?.detail).toBe(
    'of the resamples; next: layers 5–11 with 30 %. No range qualifies in 2 % of the resamples'
  )
  const doubtful = checkOfModels(checked(range(4, 11), whole(0.9, 0.91, 0.02)))
  expect(assurances({ ...UNCHECKED, promptCount: 40, check: doubtful })[0]?.detail).toMatch(
    /^validity, at most 0\.020 more;/
  )
})

it('gives no interval and no share of wins of too few prompts', () => {
  const detail = 'too few prompts: 5 of 6 needed'
  expect(assurances({ ...UNCHECKED, promptCount: 5 }).slice(1)).toEqual([
    { label: 'Gain in diversity', value: '+0.459', detail, term: 'gain' },
    { label: 'Same range wins', value: '–', detail, term: 'share of wins' }
  ])
})

it('counts of a preview the exact ranges that a check has left', () => {
  const check = checkOfModels(
    checked(range(0, 11), whole(0.5, 0.93)),
    checked(range(4, 11), whole(0.95, 0.9))
  )
  expect(assurances({ ...UNCHECKED, promptCount: 40, preview: PREVIEW, check })[2]?.label).toBe(
    'Same range wins among 2 exact ranges left by the check'
  )
})

describe('how sure it is after a check that threw ranges out', () => {
  const BASELINES = checkOfModels(
    checked(range(0, 11), whole(0.5, 0.93)),
    checked(range(4, 11), whole(0.6, 0.9)),
    checked(range(5, 11), whole(0.95, 0.88))
  )
  const sureOf = (selection: Selection, check: CheckResult) =>
    Object.fromEntries(
      assurances({
        base: null,
        preview: null,
        layerCount: LAYERS,
        source: null,
        scoredBy: CRC,
        post: POST,
        ranges: RANGES,
        selection,
        check,
        promptCount: 40
      }).map(({ label, detail }) => [label, detail])
    )

  it('says which had no chance to win, and that all prompts threw them out', () => {
    const crossFit = {
      ...score(0.9, 0.88),
      postValidity: 0.99,
      postDiversity: 0.45,
      folds: [fold(), fold()] satisfies [unknown, unknown]
    }
    const left = { ...selectionOf(range(5, 11), [[5, 11, 1]]), crossFit }
    expect(sureOf(left, BASELINES)).toMatchObject({
      'Gain in diversity': expect.stringMatching(/^of first tokens; /),
      'Same range wins, without 2 that fail the check':
        'of the resamples; no other that is left ever wins. Left out by the check: layers 0–11 and 1 more',
      'Cross-fitted':
        'of first tokens; diversity when selected on half the prompts and scored on the other half (post 0.450); without the ranges that fail the check on all prompts'
    })
    const without = checkOfModels(checked(range(5, 11), whole(0.95, 0.88)))
    expect(sureOf(left, without)).toMatchObject({
      'Same range wins': 'of the resamples; no other range ever wins',
      'Cross-fitted':
        'of first tokens; diversity when selected on half the prompts and scored on the other half (post 0.450)'
    })
  })

  it('says what validity the picks of one half keep on the other, and that it is below the limit', () => {
    const valueAt = (validity: number): string | undefined => {
      const crossFit = { ...crossFitOf(validity), folds: [fold(), fold()] satisfies [unknown, unknown] }
      const selection = { ...STABLE, crossFit }
      return assurances({ ...UNCHECKED, promptCount: 40, selection }).at(-1)?.value
    }
    expect(valueAt(0.892)).toBe('0.880 at validity 0.892')
    expect(valueAt(0.885)).toBe('0.880 at validity 0.885, below the limit of 0.892')
  })

  it('says of the cross-fitted score and of the gain out of bag that they rest on ranges that were not checked', () => {
    const folds: CrossFit['folds'] = [
      { ...fold(), selected: range(4, 11) },
      { ...fold(), selected: range(3, 11) }
    ]
    const often = selectionOf(range(4, 11), [
      [4, 11, 0.9],
      [3, 11, 0.06],
      [2, 11, 0.04]
    ])
    const outOfBag = { resamples: 1000, ...score(0.9, 0.9), diversityGain: 0.4 }
    const selection: Selection = {
      ...often,
      bootstrap: { ...often.bootstrap, outOfBag: { ...outOfBag, interval: [0.3, 0.5] } },
      crossFit: { ...crossFitOf(0.892), folds }
    }
    const sure = (check: CheckResult | null) =>
      assurances({ ...UNCHECKED, promptCount: 40, selection, check }).at(-1)
    expect(sure(PASSING)).toMatchObject({
      value: '0.880 at validity 0.892, of layers 3–11 (not checked)',
      detail: expect.stringContaining(' of resamples, a range that was not checked picked in 10 % of them')
    })
    expect(sure(null)).toMatchObject({ value: '0.880 at validity 0.892' })
    expect(sure(null)?.detail).not.toContain('unchecked')
  })

  it('names a baseline in a whole sentence', () => {
    const often = selectionOf(range(5, 11), [
      [8, 8, 0.6],
      [5, 11, 0.4]
    ])
    expect(sureOf(often, PASSING)['Same range wins']).toBe(
      'of the resamples; layer 8 (not checked) wins more often, 60 %'
    )
  })
})

const crossFitOf = (validity: number) => ({
  ...score(validity, 0.88),
  postValidity: 0.99,
  postDiversity: 0.45
})
const fold = () => ({ selected: null, ...score(0.9, 0.88), postValidity: 0.99, postDiversity: 0.45 })
