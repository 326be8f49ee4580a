import { expect, it } from 'vitest'
import { rankedVerdicts } from '../../../../src/contract/words/ranked-verdicts'
import { difference, estimate } from '../../../fixtures/evaluation-documents'

const narrow = (mean: number) => ({ ...difference(mean, 0.001), ...estimate(mean, [mean - 0.01, mean + 0.01]) })
const variant = (name: string, distinctRight: number, accuracy: number) => ({
  variant: name,
  measures: { distinctRight: narrow(distinctRight), accuracy: narrow(accuracy) },
  differences: name === 'post' ? {} : { distinctRight: narrow(distinctRight - 1.5), accuracy: narrow(accuracy - 0.9) }
})

it('lists what no other variant dominates first, each with the size of its loss', () => {
  const verdicts = rankedVerdicts(
    {
      comparedWith: 'post',
      besideRanges: [],
      variants: [
        variant('worse', 5, 0.4),
        variant('post', 1.5, 0.9),
        variant('best', 8, 0.855),
        variant('safe', 2, 0.89),
        variant('same', 1.6, 0.9)
      ]
    },
    { diversity: 'distinctRight', quality: 'accuracy' }
  )
  expect(verdicts.map(({ variant: name, isDominated }) => [name, isDominated])).toEqual([
    ['post', false],
    ['best', false],
    ['safe', false],
    ['same', false],
    ['worse', true]
  ])
  expect(verdicts.map(({ size }) => size?.replace(/^.*(?=[−+])/, '') ?? null)).toEqual([
    null,
    '−5 %',
    '−1 %',
    null,
    '−56 %'
  ])
})
