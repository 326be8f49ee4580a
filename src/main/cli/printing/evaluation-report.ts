import { type Estimate, type EvaluationView, mainMeasures } from '../../../contract/documents/evaluation'
import {
  alikeWords,
  fewerPrompts,
  intervalWords,
  isAlike,
  measuresOf,
  pWords,
  proxySentence,
  stoppedAt,
  stoppedSentence
} from '../../../contract/words/evaluation-words'
import { judgedShare } from '../../../contract/words/judging-words'
import { evaluationVerdicts, verdictSentence } from '../../../contract/words/evaluation-verdict'
import type { PairJudgement } from '../../../contract/documents/preferences'
import {
  judgeTrust,
  overReference,
  setWords,
  formatShare,
  tallyBasis,
  tallyVerdict
} from '../../../contract/words/preference-words'
import { formatDelta, plural } from '../../../contract/words/format'
import { type MeasureId, measureOf } from '../../../contract/model/measures'
import { count, decimal, style, table } from './output'

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
  const heading = `${task.name}: ${plural(task.prompts.length, 'prompt')}, ${each}`
  return [
    ...verdicts(results, main),
    style('bold', heading),
    ...(stopped === null ? [] : [stoppedSentence(stopped)]),
    ...notices,
    describeMeasures(
      { run, results, judging },
      details ? measuresOf(results) : shortMeasures(results, mainIds)
    ),
    ...(details ? comparisons(results, mainIds) : []),
    ...(details ? describeCategories(results, mainIds) : []),
    ...(details ? [proxySentence(results)].filter(Boolean) : []),
    ...(results.pairs === null ? [] : describePairs(results.pairs)),
    ...(details ? [] : [style('dim', 'All measures, differences and categories: --details.')])
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

/** Lists the main measures for each category of prompts. */
function describeCategories(
  { categories, variants }: EvaluationView['results'],
  ids: readonly MeasureId[]
): string[] {
  if (categories.length === 0) return []
  const rows = categories.flatMap(({ category, promptCount, variants: variantsOfCategory }) =>
    ids.map((id) => [
      category === '' ? '(none)' : category,
      count(promptCount),
      measureOf(id).label,
      ...variantsOfCategory.map(({ measures }) => describeEstimate(measures[id], promptCount))
    ])
  )
  const header = ['category', 'prompts', 'mean over them [95 %]', ...variants.map(({ variant }) => variant)]
  return [table([header, ...rows], `lrl${'r'.repeat(variants.length)}`)]
}

function describePairs(pairs: PairJudgement): string[] {
  const { tally } = pairs
  const rows = tally.variants.map((entry) => {
    const beside = overReference(tally, entry)
    return [
      entry.variant,
      count(entry.compared),
      count(entry.won),
      count(entry.tied),
      formatShare(entry.share, entry.shareInterval),
      beside === null ? '-' : formatShare(beside.chance, beside.interval)
    ]
  })
  return [
    style('bold', `Judged in pairs, ${setWords(tally.size)}: ${tallyBasis(tally)}`),
    table([['', 'pairs', 'won', 'ties', 'share', `over ${tally.reference}`], ...rows], 'lrrrrr'),
    tallyVerdict(tally),
    judgeTrust(pairs)
  ]
}

function describeEstimate(estimate: Estimate | undefined, prompts: number): string {
  if (estimate === undefined) return '-'
  const interval = estimate.interval === null ? '' : intervalWords(estimate, decimal)
  return [decimal(estimate.mean), interval, fewerPrompts(estimate.promptCount, prompts)]
    .filter(Boolean)
    .join(' ')
}

function comparisons(results: EvaluationView['results'], measures: readonly MeasureId[]): string[] {
  return measures.flatMap((id) =>
    results.variants.flatMap(({ variant, differences }) => {
      const difference = differences[id]
      if (difference === undefined) return []
      const { mean, promptCount } = difference
      const compared = `${measureOf(id).label} of ${variant} against ${results.comparedWith}`
      if (isAlike(difference)) return [`${compared}: ${alikeWords(difference).join(', ')}`]
      const differenceText = `${formatDelta(mean)} ${intervalWords(difference, formatDelta)}`
      return [
        `${compared}, ${plural(promptCount, 'prompt')}: ${differenceText}, adjusted ${pWords(id, difference)}`
      ]
    })
  )
}
