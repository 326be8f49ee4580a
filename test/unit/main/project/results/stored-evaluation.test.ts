import { expect, it } from 'vitest'
import type { VariantResult } from '../../../../../src/contract/documents/evaluation'
import { evaluationView, withoutJudgeDifferences } from '../../../../../src/main/project/results/stored-evaluation'
import { BARE_RESULTS, evaluationRun } from '../../../../fixtures/evaluation-documents'
import { openDemo } from '../../../../fixtures/open-demo'
import { sampleLine } from '../../../../fixtures/sample-documents'

it('measures stored answers again only after they or the reference have changed', async () => {
  const pair = (await openDemo()).firstPair
  const run = evaluationRun()
  await pair.evaluations.add(run)
  const answer = async (index: number): Promise<void> => {
    const lines = run.variants.map(({ variant }) => sampleLine({ variant: variant.name, prompt: 0, index, text: 'A' }))
    await pair.evaluations.appendSamples(run.id, lines)
  }
  await answer(0)
  const view = await evaluationView(pair, run.id)
  expect(await evaluationView(pair, run.id)).toBe(view)
  expect((await evaluationView(pair, run.id, { against: 'base' })).results.comparedWith).toBe('base')
  await answer(1)
  const later = await evaluationView(pair, run.id)
  expect(later.results.variants.map(({ answerCount }) => answerCount)).toEqual(run.variants.map(() => 2))
})

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
  const results = withoutJudgeDifferences({ ...BARE_RESULTS, variants, besideRanges, categories, cells: [] })
  expect(results.besideRanges).toEqual([{ ...besideRanges[0], differences: { accuracy: difference } }])
  for (const each of [results.variants, ...results.categories.map((category) => category.variants)]) {
    expect(each).toEqual([{ ...variants[0], differences: { accuracy: difference } }])
  }
})
