import { describe, expect, it } from 'vitest'
import type { MeasureDifference } from '../../../../src/contract/documents/evaluation'
import { evaluationVerdicts, verdictSentence } from '../../../../src/contract/words/evaluation-verdict'
import { formatDifference } from '../../../../src/contract/words/evaluation-words'

const MEASURES = { diversity: 'distinctRight', quality: 'accuracy' } as const

const difference = (mean: number, adjustedPValue: number, pValue = adjustedPValue): MeasureDifference => ({
  mean,
  interval: [mean - 0.1, mean + 0.1],
  promptCount: 12,
  effectSize: 1,
  pValue,
  adjustedPValue
})

/** Of a variant that is compared with post, whose accuracy is 0.9. */
const verdictsOf = (...all: Partial<Record<'distinctRight' | 'accuracy', MeasureDifference>>[]) =>
  evaluationVerdicts(
    {
      comparedWith: 'post',
      besideRanges: [],
      variants: [
        {
          variant: 'post',
          measures: { accuracy: { mean: 0.9, interval: null, promptCount: 12 } },
          differences: {}
        },
        ...all.map((differences) => ({ variant: 'hybrid', measures: {}, differences }))
      ]
    },
    MEASURES
  )
const said = (...all: Parameters<typeof verdictsOf>) =>
  verdictsOf(...all)
    .slice(1)
    .map(({ verdict, good }) => [verdict, good])

const [up, down, unsure] = [difference(1, 0.01), difference(-1, 0.01), difference(0.04, 0.2)]
/** Of quality: its interval reaches to a loss of 0.27, or to none that matters. */
const open: MeasureDifference = { ...difference(-0.1, 0.2), interval: [-0.27, 0.07] }
const held: MeasureDifference = { ...difference(0.01, 0.2), interval: [-0.045, 0.06] }

it('praises only what is sure, and never a gain that costs quality, or may', () => {
  expect(
    said(
      { distinctRight: up, accuracy: open },
      { distinctRight: up, accuracy: held },
      { distinctRight: up, accuracy: up },
      { distinctRight: up, accuracy: down },
      { distinctRight: unsure, accuracy: open },
      { distinctRight: unsure, accuracy: held },
      { distinctRight: unsure, accuracy: up },
      { distinctRight: unsure, accuracy: down },
      { distinctRight: down, accuracy: held },
      { distinctRight: down, accuracy: up },
      { distinctRight: down, accuracy: down }
    )
  ).toEqual([
    ['more diverse, a loss of quality of up to 0.270 is not excluded', false],
    ['more diverse, quality kept within 5 %', true],
    ['more diverse and better', true],
    ['more diverse, at a loss of quality', false],
    ['no sure change of diversity, a loss of quality of up to 0.270 is not excluded', false],
    ['no sure change of diversity, quality kept within 5 %', null],
    ['better, no sure change of diversity', true],
    ['worse, with no sure gain in diversity', false],
    ['less diverse, quality kept within 5 %', false],
    ['less diverse, but better', false],
    ['less diverse and worse', false]
  ])
})

it('claims a gain only after the adjustment, and warns of a loss before it', () => {
  const [gain, loss] = [difference(1, 0.063, 0.031), difference(-0.2, 0.063, 0.031)]
  expect(said({ distinctRight: up, accuracy: loss }, { distinctRight: gain, accuracy: held })).toEqual([
    ['more diverse, at a loss of quality', false],
    ['no sure change of diversity, quality kept within 5 %', null]
  ])
  expect(formatDifference('accuracy', loss)).toMatch(/, p 0\.063 \(0\.031 unadjusted\)$/)
  expect(formatDifference('accuracy', gain)).toMatch(/, p 0\.063$/)
  // Lower self-BLEU is more diverse.
  expect(formatDifference('selfBleu', gain)).toMatch(/unadjusted/)
})

it('excludes no loss of quality without an interval, unless enough prompts are alike', () => {
  const alike = (promptCount: number): MeasureDifference => ({
    ...difference(0, 1),
    interval: null,
    effectSize: null,
    promptCount
  })
  expect(
    said(
      { distinctRight: up, accuracy: { ...difference(-0.2, 0.25), interval: null, promptCount: 3 } },
      { distinctRight: up, accuracy: alike(3) },
      { distinctRight: up, accuracy: alike(12) },
      { distinctRight: up, accuracy: alike(60) }
    )
  ).toEqual([
    ['more diverse, a loss of quality is not excluded', false],
    ['more diverse, alike in quality on 3 prompts, too few to exclude a loss', false],
    ['more diverse, alike in quality on all 12 prompts, a loss on up to 25 % is not excluded', false],
    ['more diverse, alike in quality on all 60 prompts', true]
  ])
})

it('gives the differences with interval and p, and none for the variant that others are compared with', () => {
  const [post, hybrid] = verdictsOf({ distinctRight: up, accuracy: difference(0.5, 0.2) })
  expect(hybrid?.figures).toBe(
    'distinct right answers +1.0 [+0.9, +1.1], p 0.010; right answers +0.500 [+0.400, +0.600], p 0.200'
  )
  expect(post).toEqual({
    variant: 'post',
    verdict: 'what the others are compared with',
    figures: '',
    but: null,
    good: null
  })
})

it('calls a variant that lacks a measure neither alike nor different in it', () => {
  expect(
    said(
      { accuracy: open },
      { accuracy: held },
      { accuracy: up },
      { accuracy: down },
      { distinctRight: unsure },
      { distinctRight: up },
      {}
    )
  ).toEqual([
    ['a loss of quality of up to 0.270 is not excluded, its diversity not measured', false],
    ['quality kept within 5 %, its diversity not measured', null],
    ['better, its diversity not measured', null],
    ['worse, its diversity not measured', false],
    ['no sure change of diversity, its quality not measured', null],
    ['more diverse, its quality not measured', null],
    ['cannot be compared', null]
  ])
})

it('says of variants that are alike on all prompts what that leaves open, and gives no interval without width', () => {
  const alike = (promptCount: number): string =>
    formatDifference('accuracy', { ...difference(0, 1), interval: null, effectSize: null, promptCount })
  expect(alike(12)).toBe('±0.000, alike on all 12 prompts: up to 25 % of prompts may differ')
  expect(alike(3)).toBe('±0.000, alike on 3 prompts: too few to tell')
})

describe('of a range', () => {
  const differences = { distinctRight: up, accuracy: down }
  const beside = (...others: Record<'distinctRight' | 'accuracy', MeasureDifference>[]) =>
    evaluationVerdicts(
      {
        comparedWith: 'post',
        besideRanges: others.map((each, place) => ({
          range: 'range',
          variant: `baseline ${place}`,
          differences: each
        })),
        variants: [
          { variant: 'post', measures: {}, differences: {} },
          {
            variant: 'range',
            measures: { accuracy: { mean: 0.9, interval: null, promptCount: 12 } },
            differences
          },
          { variant: 'baseline 0', measures: {}, differences }
        ]
      },
      MEASURES
    )

  it('it is said what surely does better, and it is praised no more', () => {
    const [, range, baseline] = beside({ distinctRight: up, accuracy: up })
    expect(range).toMatchObject({
      verdict: 'more diverse, at a loss of quality',
      but:
        'beside it baseline 0 is more diverse and better ' +
        '(distinct right answers +1.0 [+0.9, +1.1], p 0.010; right answers +1.000 [+0.900, +1.100], p 0.010)',
      good: false
    })
    // The baseline is no range: nothing is set beside it.
    expect(baseline?.but).toBeNull()
    expect(range === undefined ? '' : verdictSentence(range)).toMatch(
      /^more diverse, at a loss of quality, but beside it baseline 0 is/
    )
  })

  it('a gain in one counts only without a loss in the other, one that may be included', () => {
    const [, ...quiet] = beside(
      { distinctRight: up, accuracy: down },
      { distinctRight: up, accuracy: open },
      { distinctRight: down, accuracy: up },
      { distinctRight: difference(1, 0.06, 0.01), accuracy: held },
      { distinctRight: unsure, accuracy: unsure }
    )
    expect(quiet.map(({ but }) => but)).toEqual([null, null])
    for (const each of [
      { distinctRight: up, accuracy: held },
      { distinctRight: unsure, accuracy: up }
    ])
      expect(beside(each)[1]?.but).toMatch(/^beside it baseline 0 is/)
  })

  it('the most diverse of several is told in full', () => {
    const [, range] = beside(
      { distinctRight: up, accuracy: held },
      { distinctRight: difference(3, 0.01), accuracy: held },
      { distinctRight: up, accuracy: up }
    )
    expect(range?.but).toMatch(
      /^beside it baseline 1 is more diverse, quality kept within 5 % \(.*\); baseline 0 and baseline 2 do better too$/
    )
  })

  it('it is said also where the others are compared with that range', () => {
    const found = evaluationVerdicts(
      {
        comparedWith: 'range',
        besideRanges: [
          { range: 'range', variant: 'baseline', differences: { distinctRight: up, accuracy: up } }
        ],
        variants: [{ variant: 'range', measures: {}, differences: {} }]
      },
      MEASURES
    )
    expect(found[0]?.but).toMatch(/^beside it baseline is more diverse and better/)
  })
})
