import { type Estimate, type EvaluationView, mainMeasures } from '../../../contract/documents/evaluation'
import {
  fewerPrompts,
  intervalWords,
  measuresOf,
  stoppedAt,
  stoppedSentence
} from '../../../contract/words/evaluation-words'
import { judgedShare } from '../../../contract/words/judging-words'
import { evaluationVerdicts, verdictSentence } from '../../../contract/words/evaluation-verdict'
import { plural } from '../../../contract/words/format'
import { type MeasureId, measureOf } from '../../../contract/model/measures'
import { evaluationFindings, pairBlocks } from '../../report/sections/evaluations'
import { blocksText } from './blocks'
import { decimal, style, table } from './output'

/**
 * Describes an evaluation: a verdict for each variant, then the main measures. Details add all measures, categories
 * and differences.
 */
export function describeEvaluation(
  { run, results, judging, notices, answered }: EvaluationView,
  details: boolean
): string {
  const { task } = run
  const main = mainMeasures(task.kind, results.variants)
  const mainIds = Object.values(main)
  const answerTotal = task.prompts.length * run.variants.length * task.settings.sampleCount
  const stopped = stoppedAt(results, answerTotal, answered)
  const each = `${plural(task.settings.sampleCount, 'answer')} each`
  const findings = { kind: task.kind, variants: run.variants, results, judging }
  const heading = `${task.name}: ${plural(task.prompts.length, 'prompt')}, ${each}`
  return [
    ...verdicts(results, main),
    style('bold', heading),
    ...(stopped === null ? [] : [stoppedSentence(stopped)]),
    ...notices,
    ...(details
      ? ['', blocksText(evaluationFindings(findings))]
      : [
          describeMeasures({ run, results, judging }, shortMeasures(results, mainIds)),
          ...(results.pairs === null ? [] : [blocksText(pairBlocks(findings))]),
          style('dim', 'All measures, differences and categories: --details.')
        ])
  ].join('\n')
}

function verdicts(results: EvaluationView['results'], main: ReturnType<typeof mainMeasures>): string[] {
  return evaluationVerdicts(results, main).flatMap((verdict) =>
    verdict.variant === results.comparedWith && verdict.but === null
      ? []
      : [style(verdict.good === false ? 'yellow' : 'bold', `${verdict.variant}: ${verdictSentence(verdict)}`)]
  )
}

/** Returns the main measures and those of judges. */
const shortMeasures = (results: EvaluationView['results'], main: readonly MeasureId[]): MeasureId[] =>
  measuresOf(results).filter((id) => main.includes(id) || JUDGED.includes(id))

const JUDGED: readonly MeasureId[] = ['judge']

function describeMeasures(
  { run, results, judging }: Pick<EvaluationView, 'run' | 'results' | 'judging'>,
  ids: readonly MeasureId[]
): string {
  const prompts = run.task.prompts.length
  const names = results.variants.map(({ variant }) => variant)
  const rows = ids.map((id) => [
    [measureOf(id).label, judgedShare(id, judging)].filter(Boolean).join(', '),
    measureOf(id).better ?? '',
    ...results.variants.map(({ measures }) => describeEstimate(measures[id], prompts))
  ])
  return table([['mean over prompts [95 %]', 'better', ...names], ...rows], `ll${'r'.repeat(names.length)}`)
}

function describeEstimate(estimate: Estimate | undefined, prompts: number): string {
  if (estimate === undefined) return '-'
  const interval = estimate.interval === null ? '' : intervalWords(estimate, decimal)
  return [decimal(estimate.mean), interval, fewerPrompts(estimate.promptCount, prompts)]
    .filter(Boolean)
    .join(' ')
}
