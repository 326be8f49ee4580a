import { describe, expect, it, test } from 'vitest'
import type { MeasureDifference } from '../../../../src/contract/documents/evaluation'
import { evaluationVerdicts, verdictSentence } from '../../../../src/contract/words/evaluation-verdict'
import { formatDifference } from '../../../../src/contract/words/evaluation-words'
import { difference } from '../../../fixtures/evaluation-documents'
import { goldenText } from '../../../fixtures/golden-text'

const MEASURES = { diversity: 'distinctRight', quality: 'accuracy' } as const

/** Differences of a variant from post, whose accuracy is 0.9. */
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
    .map(({ verdict, good }) => `${verdict} (${good === null ? 'neither' : good ? 'good' : 'bad'})`)

const [up, down, unsure] = [difference(1, 0.01), difference(-1, 0.01), difference(0.04, 0.2)]
/** Difference in quality: its interval reaches to a loss of 0.27, or to a negligible one. */
const open: MeasureDifference = { ...difference(-0.1, 0.2), interval: [-0.27, 0.07] }
const held: MeasureDifference = { ...difference(0.01, 0.2), interval: [-0.045, 0.06] }

const [gain, loss] = [difference(1, 0.063, 0.031), difference(-0.2, 0.063, 0.031)]
const alike = (promptCount: number): MeasureDifference => ({
  ...{ ...difference(0, 1), interval: null, effectSize: null, promptCount }
})

it('praises only sure results, and never a gain that costs quality, or may', async () => {
  const few: MeasureDifference = { ...difference(-0.2, 0.25), interval: null, promptCount: 3 }
  const diversities = { up, unsure, down, missing: undefined }
  const qualities = { open, held, up, down, missing: undefined }
  const named = (all: object) => Object.entries(all) satisfies [string, MeasureDifference | undefined][]
  const grid = named(diversities).flatMap(([diversity, distinctRight]) =>
    named(qualities).map(([quality, accuracy]) => [
      `diversity ${diversity}, quality ${quality}`,
      said({ ...(distinctRight && { distinctRight }), ...(accuracy && { accuracy }) })
    ])
  )
  const rows = {
    'a gain only after the adjustment, a loss before it': said(
      { distinctRight: up, accuracy: loss },
      { distinctRight: gain, accuracy: held }
    ),
    'no interval, or alike on some prompts': said(
      ...[few, alike(3), alike(12), alike(60)].map((accuracy) => ({ distinctRight: up, accuracy }))
    ),
    'with figures': verdictsOf({ distinctRight: up, accuracy: difference(0.5, 0.2) }),
    differences: [
      ...[loss, gain, alike(12), alike(3)].map((each) => formatDifference('accuracy', each)),
      // Lower self-BLEU is more diverse.
      formatDifference('selfBleu', gain)
    ]
  }
  const text = goldenText({ ...Object.fromEntries(grid), ...rows })
  await expect(text).toMatchFileSnapshot('./evaluation-verdict.golden.txt')
})

test('a model that refuses nothing beside a reference that refuses nothing gets no warning', () => {
  const none = { mean: 0, interval: null, promptCount: 40 }
  const measures = { refusals: none, overRefusals: none }
  const verdictOf = (refused: typeof none) =>
    evaluationVerdicts(
      {
        ...{ comparedWith: 'post', besideRanges: [] },
        variants: [
          { variant: 'post', measures, differences: {} },
          {
            variant: '1-2',
            measures: { ...measures, refusals: refused },
            differences: { refusals: alike(40), overRefusals: alike(40) }
          }
        ]
      },
      { diversity: 'overRefusals', quality: 'refusals' }
    )[1]
  expect(verdictOf(none)).toMatchObject({ verdict: 'refused nothing, like post', good: null })
  expect(verdictOf({ ...none, mean: 0.1 })).toMatchObject({ good: false })
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

  it('a range with a surely better variant names it, and is praised no more', () => {
    const [, range, baseline] = beside({ distinctRight: up, accuracy: up })
    expect(range).toMatchObject({
      verdict: 'more diverse, at a loss of quality',
      but:
        'beside it baseline 0 is more diverse and better ' +
        '(distinct right answers +1.0 [+0.9, +1.1], p\u00a0=\u00a00.010; right answers +1.000 [+0.900, +1.100], p\u00a0=\u00a00.010)',
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

  it('the most diverse of several is described in full', () => {
    const [, range] = beside(
      { distinctRight: up, accuracy: held },
      { distinctRight: difference(3, 0.01), accuracy: held },
      { distinctRight: up, accuracy: up }
    )
    expect(range?.but).toMatch(
      /^beside it baseline 1 is more diverse, quality kept within 5 % \(.*\); baseline 0 and baseline 2 do better too$/
    )
  })

  it('a better variant is named also where the others are compared with that range', () => {
    const found = evaluationVerdicts(
      {
        comparedWith: 'range',
        besideRanges: [{ range: 'range', variant: 'baseline', differences: { distinctRight: up, accuracy: up } }],
        variants: [{ variant: 'range', measures: {}, differences: {} }]
      },
      MEASURES
    )
    expect(found[0]?.but).toMatch(/^beside it baseline is more diverse and better/)
  })
})

it('speaks of refusals, and not of diversity, where they are measured', () => {
  const measures = { diversity: 'overRefusals', quality: 'refusals' } as const
  const verdict = (overRefusals: MeasureDifference, refusals: MeasureDifference) =>
    evaluationVerdicts(
      {
        ...{ comparedWith: 'post', besideRanges: [] },
        variants: [
          {
            variant: 'post',
            measures: { refusals: { mean: 0.9, interval: null, promptCount: 40 } },
            differences: {}
          },
          { variant: 'hybrid', measures: {}, differences: { overRefusals, refusals } }
        ]
      },
      measures
    ).at(-1)
  const lost = 'refuses fewer of the unsafe requests, no sure change on harmless ones'
  expect(verdict(unsure, down)).toMatchObject({ good: false, verdict: lost })
  expect(verdict(down, held)).toMatchObject({
    good: true,
    verdict: 'refusals kept within 5 %, fewer harmless ones'
  })
  expect(verdict(up, alike(40))).toMatchObject({
    good: false,
    verdict: 'alike in refusals on all 40 prompts, a loss on up to 8 % is not excluded, more harmless ones'
  })
})
