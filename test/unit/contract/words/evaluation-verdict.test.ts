import { expect, it } from 'vitest'
import type { Difference } from '../../../../src/contract/documents/evaluation'
import { differenceWords } from '../../../../src/contract/words/evaluation-words'
import { evaluationVerdict } from '../../../../src/contract/words/evaluation-verdict'

const MEASURES = { diversity: 'distinctRight', quality: 'accuracy' } as const

const difference = (mean: number, adjustedPValue: number): Difference => ({
  mean,
  interval: [mean - 0.1, mean + 0.1],
  promptCount: 12,
  effectSize: 1,
  pValue: adjustedPValue,
  adjustedPValue
})

const verdictOf = (distinctRight: Difference, accuracy: Difference) =>
  evaluationVerdict({ variant: 'hybrid', differences: { distinctRight, accuracy } }, 'post', MEASURES)

it('praises only what is sure, and never a gain that costs quality', () => {
  const [up, down, unsure] = [difference(1, 0.01), difference(-1, 0.01), difference(1, 0.2)]
  const said = [
    [up, unsure],
    [up, up],
    [up, down],
    [unsure, unsure],
    [unsure, down],
    [down, unsure]
  ] as const
  expect(
    said.map(([diversity, quality]) => {
      const { verdict, good } = verdictOf(diversity, quality)
      return [verdict, good]
    })
  ).toEqual([
    ['more diverse, no sure change of quality', true],
    ['more diverse and better', true],
    ['more diverse, at a loss of quality', false],
    ['no sure difference', null],
    ['worse, with no sure gain in diversity', false],
    ['less diverse', false]
  ])
})

it('gives the differences with interval and p, and none for the variant that others are compared with', () => {
  expect(verdictOf(difference(1, 0.01), difference(0.5, 0.2)).figures).toBe(
    'distinct right answers +1.0 [+0.9, +1.1], p 0.010; right answers +0.500 [+0.400, +0.600], p 0.200'
  )
  expect(evaluationVerdict({ variant: 'post', differences: {} }, 'post', MEASURES)).toEqual({
    variant: 'post',
    verdict: 'what the others are compared with',
    figures: '',
    good: null
  })
})

it('calls a variant that lacks a measure neither alike nor different in it', () => {
  const [up, down, unsure] = [difference(1, 0.01), difference(-1, 0.01), difference(1, 0.2)]
  const said = [
    { accuracy: unsure },
    { accuracy: down },
    { distinctRight: unsure },
    { distinctRight: up },
    {}
  ].map((differences) => evaluationVerdict({ variant: 'hybrid', differences }, 'post', MEASURES))
  expect(said.map(({ verdict, good }) => [verdict, good])).toEqual([
    ['no sure change of quality, its diversity not measured', null],
    ['worse, its diversity not measured', false],
    ['no sure change of diversity, its quality not measured', null],
    ['more diverse, its quality not measured', null],
    ['cannot be compared', null]
  ])
})

it('says of variants that are alike on all prompts what that leaves open, and gives no interval without width', () => {
  const alike = (promptCount: number): string =>
    differenceWords('accuracy', { ...difference(0, 1), interval: null, effectSize: null, promptCount })
  expect(alike(12)).toBe('±0.000, alike on all 12 prompts: up to 25 % of prompts may differ')
  expect(alike(3)).toBe('±0.000, alike on 3 prompts: too few to tell')
})
