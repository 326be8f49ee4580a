import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import type { EvaluationView, MeasureDifference } from '../../../../../src/contract/documents/evaluation'
import { describeEvaluation } from '../../../../../src/main/cli/printing/evaluation-report'
import { difference, evaluationView } from '../../../../fixtures/evaluation-documents'

const within = (interval: [number, number], pValue: number): MeasureDifference => ({
  ...difference((interval[0] + interval[1]) / 2, pValue),
  interval
})
const [GAIN, LOSS, OPEN] = [within([0.2, 0.4], 0.01), within([-0.4, -0.2], 0.01), within([-0.3, 0.1], 0.3)]

/** Returns the first lines of an evaluation of base, post and `upper`, whose quality differs as given. */
function verdictOf(formatKept: MeasureDifference, changes: (view: EvaluationView) => EvaluationView): string[] {
  const view = evaluationView()
  const variants = view.results.variants.map((result) =>
    result.variant === 'upper' ? { ...result, differences: { wordDistanceEqual: GAIN, formatKept } } : result
  )
  const changed = changes({ ...view, results: { ...view.results, variants } })
  const text = describeEvaluation(changed, { pair: ['--blend-demo'], task: 'demo-open' }, false)
  return stripVTControlCharacters(text.slice(0, text.indexOf('\n\n'))).split('\n')
}

/** Evaluates post at another temperature in place of base. */
const withBaseline = (view: EvaluationView): EvaluationView => {
  const [, post, upper] = view.run.variants
  if (post === undefined || upper === undefined) throw new Error('the fixture has three variants')
  const baseline = { kind: 'sampler', temperature: 2, minP: 0.1 } as const
  const variants = [{ variant: { kind: 'baseline', name: 'base', baseline } as const }, post, upper]
  return { ...view, run: { ...view.run, variants } }
}

it('an evaluation names the best variant, and exports it once a simpler model was evaluated too', () => {
  const kept = within([-0.01, 0.01], 0.5)
  const best =
    'upper, more diverse, quality kept within 5 %: word distance, equal length 0.400 → 0.700; format kept 1.000 → 1.000.'
  expect(verdictOf(kept, withBaseline)).toEqual([best, 'Next: slr export --blend-demo 1-1 --out restored'])
  const unknown = 'Unknown: whether a simpler model does better. Next: slr evaluate --blend-demo post 1-1 blend:0.5'
  expect(verdictOf(kept, (view) => view)).toEqual([best, `${unknown} filter:0.001 --task demo-open`])
})

it('an evaluation without a good variant names the closest one, and the command that finds out', () => {
  const closest =
    'No variant is more diverse and surely as good as post. Closest is upper: ' +
    'word distance, equal length 0.400 → 0.700; format kept 1.000 → 1.000.'
  expect(verdictOf(OPEN, withBaseline)).toEqual([
    closest,
    'Unknown: whether quality is lost. Next: slr evaluate --blend-demo post 1-1 --n 16 --task demo-open'
  ])
  expect(verdictOf(LOSS, withBaseline)).toEqual([closest])
})

it('an evaluation names what is better than a range', () => {
  const better = (view: EvaluationView): EvaluationView => ({
    ...view,
    results: {
      ...view.results,
      besideRanges: [{ range: 'upper', variant: 'base', differences: { wordDistanceEqual: GAIN, formatKept: GAIN } }]
    }
  })
  expect(verdictOf(LOSS, (view) => better(withBaseline(view))).at(-1)).toBe(
    'Better than upper: base, which is more diverse and better.'
  )
})

it('an evaluation without a more diverse variant names the recipes that are surely worse', () => {
  const narrower = (view: EvaluationView): EvaluationView => {
    const variants = view.results.variants.map((result) => ({
      ...result,
      differences: { ...result.differences, wordDistanceEqual: OPEN }
    }))
    return { ...view, results: { ...view.results, variants } }
  }
  expect(verdictOf(LOSS, narrower)[0]).toBe(
    'No variant is surely more diverse than post. Surely worse: upper, format kept 1.000 → 1.000.'
  )
  expect(verdictOf(OPEN, narrower)[0]).toBe('No variant is surely more diverse than post.')
})
