import { expect, it } from 'vitest'
import type { VariantResult } from '../../../../../src/contract/documents/evaluation'
import { uncompared } from '../../../../../src/main/project/results/stored-evaluation'
import { BARE_RESULTS } from '../../../../fixtures/evaluation-documents'

it('compares nothing by the marks of a judge that was not done, for all prompts and for each category', () => {
  const estimate = { mean: 0, interval: null, promptCount: 6 }
  const difference = { ...estimate, effectSize: null, pValue: 1, adjustedPValue: 1 }
  const variants: VariantResult[] = [
    {
      ...{ variant: '5-11', answerCount: 6, passAtK: [] },
      measures: { judge: estimate, accuracy: estimate },
      differences: { judge: difference, accuracy: difference }
    }
  ]
  const categories = [{ category: 'a', promptCount: 6, variants }]
  const differences = { judge: difference, accuracy: difference }
  const besideRanges = [{ range: '5-11', variant: 'all', differences }]
  const results = uncompared({ ...BARE_RESULTS, variants, besideRanges, categories, cells: [] })
  expect(results.besideRanges).toEqual([{ ...besideRanges[0], differences: { accuracy: difference } }])
  for (const each of [results.variants, ...results.categories.map((category) => category.variants)]) {
    expect(each).toEqual([{ ...variants[0], differences: { accuracy: difference } }])
  }
})
