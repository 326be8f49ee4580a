import type { Estimate, EvaluationView } from '../../contract/documents/evaluation'
import { measuresOf } from '../../contract/words/evaluation-words'
import { type MeasureId, measureOf } from '../../contract/model/measures'
import { factsOf } from '../../contract/model/task-kinds'
import { count, decimal, style, table } from './output'

/** What `slr evaluate` prints: measures as rows, variants as columns, and how they compare in what matters most. */
export function describeEvaluation({ run, results }: EvaluationView): string {
  const { task } = run
  const names = results.variants.map(({ variant }) => variant)
  const rows = measuresOf(results).map((id) => [
    measureOf(id).label,
    measureOf(id).better ?? '',
    ...results.variants.map(({ measures }) => describeEstimate(measures[id]))
  ])
  const heading = `${task.name}: ${count(task.prompts.length)} prompts, ${count(task.settings.sampleCount)} answers each`
  return [
    style('bold', heading),
    table([['mean over prompts [95 %]', 'better', ...names], ...rows], `ll${'r'.repeat(names.length)}`),
    ...comparisons(results, Object.values(factsOf(task.kind).mainMeasures)),
    ...results.proxy.flatMap(({ measure, against, correlation, variantCount }) =>
      correlation === null
        ? []
        : [
            `The proxy's ${against} orders ${variantCount} variants like ${measureOf(measure).label.toLowerCase()} here: rank correlation ${correlation.toFixed(2)}.`
          ]
    )
  ].join('\n')
}

function describeEstimate(estimate: Estimate | undefined): string {
  if (estimate === undefined) return '-'
  const [low, high] = estimate.interval
  return `${decimal(estimate.mean)} [${decimal(low)}, ${decimal(high)}]`
}

function comparisons(results: EvaluationView['results'], measures: readonly MeasureId[]): string[] {
  return measures.flatMap((id) =>
    results.variants.flatMap(({ variant, differences }) => {
      const difference = differences[id]
      if (difference === undefined) return []
      const { mean, interval, adjustedPValue } = difference
      const signed = `${mean < 0 ? '' : '+'}${decimal(mean)} [${interval.map(decimal).join(', ')}]`
      const chance = adjustedPValue < 0.001 ? 'p < 0.001' : `p = ${decimal(adjustedPValue)}`
      return [`${measureOf(id).label} of ${variant} against ${results.comparedWith}: ${signed}, ${chance}`]
    })
  )
}
