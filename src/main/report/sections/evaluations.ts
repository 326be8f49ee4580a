import { isPlain, mainMeasures, type VariantResult } from '../../../contract/documents/evaluation'
import type { JudgeSettings } from '../../../contract/documents/judge'
import type { Report, ReportedEvaluation } from '../../../contract/documents/report'
import { describeComputation } from '../../../contract/documents/samples'
import { nameStyle } from '../../../contract/documents/variant-styles'
import { elementAt } from '../../../contract/model/look-up'
import type { TaskKind } from '../../../contract/model/task-kinds'
import { type MeasureId, measureOf } from '../../../contract/model/measures'
import { evaluationVerdicts } from '../../../contract/words/evaluation-verdict'
import {
  askedWords,
  formatDifference,
  measureLabel,
  measuresOf,
  proxySentence,
  SIGNIFICANCE,
  stoppedAt,
  stoppedSentence
} from '../../../contract/words/evaluation-words'
import { formatDelta, formatUtc, plural } from '../../../contract/words/format'
import { judgedShare, judgingNotices } from '../../../contract/words/judging-words'
import { judgeTrust } from '../../../contract/words/preference-words'
import {
  type Block,
  block,
  DASH,
  type ReportColumn,
  emptySection,
  type Fact,
  annotationBlocks,
  numberColumn,
  type Section,
  type TableCell,
  textColumn
} from '../blocks'
import { estimateCell, measureCell } from './measured-cell'
import { preferenceBlocks } from './preferences'
import { answerFacts, samplingFacts } from './settings-facts'

/** Says how far a stopped evaluation came; null for a complete one. */
const stoppedWords = ({ task, results, variants, answered }: ReportedEvaluation): string | null =>
  stoppedAt(results, task.promptCount * variants.length * task.settings.sampleCount, answered)

/** Shows the differences of the main measures of all evaluations, except of refusals, in one table. */
export function mainComparisons(evaluations: readonly ReportedEvaluation[]): Block[] {
  const compared = evaluations.filter(({ task }) => task.kind !== 'refusals')
  const rows = compared.flatMap(comparisonRows)
  if (rows.length === 0) return []
  const stopped = compared.filter(({ answered }) => !answered)
  const columns = [
    textColumn('Evaluation'),
    textColumn('Variant'),
    textColumn('Verdict', 'bold: a loss, a loss that is not excluded, or a better baseline'),
    numberColumn('diversity'),
    numberColumn('quality')
  ]
  return [
    ...(stopped.length === 0
      ? []
      : [
          block.warning(
            `${plural(stopped.length, 'evaluation')} below ${stopped.length === 1 ? 'was' : 'were'} stopped: ` +
              'differences and p-values are of the answers so far.'
          )
        ]),
    block.table('Differences on the same prompts, with 95 % intervals and adjusted p-values', columns, rows)
  ]
}

function comparisonRows(evaluation: ReportedEvaluation): TableCell[][] {
  const { task, results, variants, annotations } = evaluation
  const stopped = stoppedWords(evaluation)
  const models = variants.map(({ variant }) => variant)
  const main = mainMeasures(task.kind, results.variants)
  const verdicts = evaluationVerdicts(results, main)
  const about = [
    ...(annotations.name === '' ? [] : [`“${annotations.name}”`]),
    askedWords({ ...task, ...task.settings }),
    formatUtc(evaluation.createdAt),
    ...(stopped === null ? [] : [stopped])
  ]
  return results.variants.flatMap(({ variant: name, differences }, index): TableCell[][] => {
    if (name === results.comparedWith) return []
    const variant = models[index]
    const { verdict, but, good } = elementAt(verdicts, index, 'verdict')
    return [
      [
        { text: task.name, detail: about.join('\n') },
        {
          text: name,
          detail: `against ${results.comparedWith}`,
          ...(variant === undefined ? {} : nameStyle(models, variant))
        },
        { text: verdict, ...(but === null ? {} : { detail: `but ${but}` }), strong: good === false },
        ...Object.values(main).map((id): TableCell => {
          const difference = differences[id]
          return {
            text: difference === undefined ? '–' : formatDifference(id, difference),
            detail: measureLabel(id)
          }
        })
      ]
    ]
  })
}

export function evaluationsSection({ evaluations }: Report): Section {
  const section = { id: 'evaluations', title: 'Evaluations' }
  if (evaluations.length === 0)
    return emptySection(
      section,
      'No task was evaluated yet. The Evaluate view, or slr evaluate, shows whether a gain holds on open-ended tasks.'
    )
  return { ...section, blocks: evaluations.flatMap(evaluationBlocks) }
}

function evaluationBlocks(evaluation: ReportedEvaluation): Block[] {
  const { task, results, variants } = evaluation
  const stopped = stoppedWords(evaluation)
  const { diversity, quality } = mainMeasures(task.kind, results.variants)
  const hasMain = [diversity, quality].every((id) =>
    results.variants.some(({ measures }) => measures[id] !== undefined)
  )
  return [
    block.heading(task.name),
    ...annotationBlocks(evaluation.annotations),
    block.paragraph(
      `${task.description}${task.description === '' ? '' : ' '}${plural(task.promptCount, 'prompt')}, ` +
        `${stopped === null ? '' : 'asked for '}${plural(task.settings.sampleCount, 'answer')} of each of ` +
        `${plural(variants.length, 'variant')}.`
    ),
    ...(stopped === null ? [] : [block.warning(stoppedSentence(stopped))]),
    ...judgingNotices(evaluation.judging).map(block.warning),
    ...(hasMain ? [tradeOff(`of ${plural(variants.length, 'variant')}`, evaluation)] : []),
    ...evaluationFindings({ ...evaluation, kind: task.kind }),
    ...evaluation.notices.map(block.note),
    block.fold('Settings of the evaluation', [block.facts(evaluationFacts(evaluation))])
  ]
}

interface Evaluated extends Pick<ReportedEvaluation, 'variants' | 'results' | 'judging'> {
  readonly kind: TaskKind
}

/** Shows the tables of an evaluation: all measures, interactions, categories, pass@k and verdicts of judges. */
export function evaluationFindings(evaluation: Evaluated): Block[] {
  const { results } = evaluation
  const proxy = proxySentence(results)
  const ids = measuresOf(results)
  const secondary = ids.filter((id) => measureOf(id).isSecondary === true)
  return [
    measuresTable(
      evaluation,
      ids.filter((id) => measureOf(id).isSecondary !== true)
    ),
    ...(secondary.length === 0 ? [] : [block.fold('Other measures', [measuresTable(evaluation, secondary)])]),
    ...interactionBlocks(evaluation),
    ...lossBlocks(evaluation),
    ...categoryBlocks(evaluation),
    ...passAtKBlocks(evaluation),
    ...(proxy === '' ? [] : [block.paragraph(proxy)]),
    ...pairBlocks(evaluation)
  ]
}

/** Shows the verdicts of a judge that compares pairs of answers. Empty without such a judge. */
export function pairBlocks({ variants, results: { pairs } }: Pick<Evaluated, 'variants' | 'results'>): Block[] {
  if (pairs === null) return []
  const models = variants.map(({ variant }) => variant)
  return [...preferenceBlocks('Judged in pairs', pairs.tally, models), block.note(judgeTrust(pairs))]
}

/** Draws the main measures of an evaluation. @param whose variants that the chart shows, such as "of 3 variants" */
export function tradeOff(whose: string, { task, variants, results }: ReportedEvaluation): Block {
  const { diversity, quality } = mainMeasures(task.kind, results.variants)
  return {
    kind: 'chart',
    label:
      `${measureOf(diversity).label} against ${measureOf(quality).label.toLowerCase()} ${whose}, ` +
      'with 95 % intervals.',
    chart: { kind: 'trade-off', evaluation: { variants, results }, diversity, quality }
  }
}

const variantColumns = ({ variants }: Pick<Evaluated, 'variants'>): ReportColumn[] => {
  const models = variants.map(({ variant }) => variant)
  return models.map((variant) => ({ ...numberColumn(variant.name), ...nameStyle(models, variant) }))
}

/** Explains cells with a difference. @param p whose p-values are adjusted together, such as "for all comparisons" */
export const differenceRule = (comparedWith: string, p: string): string =>
  `Means over prompts with 95 % intervals. Below: the difference from ${comparedWith} on the prompts of both, ` +
  `its interval, and p adjusted ${p} (sign-flip test, Holm). ` +
  `Bold: p below ${SIGNIFICANCE}, for losses also without the adjustment`

/** Says how many of the effective answers that post lost against base were wrong (quality control) or right. */
function lossBlocks({ variants, results }: Evaluated): Block[] {
  const base = variants.findIndex((entry) => entry.variant.kind === 'base' && isPlain(entry))
  const { effectivePassing, effectiveFailing } = results.variants[base]?.differences ?? {}
  const isOfPost = variants.some(({ variant }) => variant.kind === 'post' && variant.name === results.comparedWith)
  if (!isOfPost || effectivePassing === undefined || effectiveFailing === undefined) return []
  const [narrowing, control] = [effectivePassing.mean, effectiveFailing.mean]
  return [
    block.paragraph(
      `Base has ${formatDelta(narrowing + control, 1)} effective answers to a prompt against post: ` +
        `${formatDelta(control, 1)} that fail (quality control) and ${formatDelta(narrowing, 1)} that pass (narrowing).`
    )
  ]
}

function measuresTable(evaluation: Evaluated, ids: readonly MeasureId[]): Block {
  const { results, judging } = evaluation
  return block.table(
    `${differenceRule(results.comparedWith, 'for all comparisons of the measure')}. ` +
      'Of many measures, one may differ by chance',
    [textColumn('Measure', 'the arrow points to better'), ...variantColumns(evaluation)],
    ids.map((id): TableCell[] => [
      { text: measureLabel(id), detail: judgedShare(id, judging) || measureOf(id).about },
      ...results.variants.map((result) => measureCell(result, id))
    ])
  )
}

/** Shows whether settings, such as a prompting, change each model by as much as they change `comparedWith`. */
function interactionBlocks({ kind, results }: Evaluated): Block[] {
  const { comparedWith, interactions = [] } = results
  if (interactions.length === 0) return []
  const settings = [...new Set(interactions.map(({ reference }) => reference))]
  const resultOf = (name: string): VariantResult | undefined => results.variants.find(({ variant }) => variant === name)
  const mean = (name: string, id: MeasureId): TableCell => estimateCell(id, resultOf(name)?.measures[id], null)
  return [
    block.table(
      `Interaction with settings. Below: the change that the settings make to a model, minus the change that they ` +
        `make to ${comparedWith}, its interval, and p adjusted for all interactions of the measure (Holm)`,
      [textColumn('Measure'), textColumn('Model'), ...[comparedWith, ...settings].map((name) => numberColumn(name))],
      Object.values(mainMeasures(kind, results.variants)).flatMap((id) =>
        [comparedWith, ...new Set(interactions.map(({ plain }) => plain))].map((model): TableCell[] => [
          { text: measureLabel(id) },
          { text: model },
          mean(model, id),
          ...settings.map((setting): TableCell => {
            if (model === comparedWith) return mean(setting, id)
            const interaction = interactions.find(({ plain, reference }) => plain === model && reference === setting)
            return interaction === undefined
              ? DASH
              : estimateCell(id, resultOf(interaction.variant)?.measures[id], interaction.differences[id] ?? null)
          })
        ])
      )
    )
  ]
}

/** Shows the main measures for the prompts of each category. */
function categoryBlocks(evaluation: Evaluated): Block[] {
  const { kind, results } = evaluation
  if (results.categories.length === 0) return []
  const ids: MeasureId[] = Object.values(mainMeasures(kind, results.variants))
  return [
    block.table(
      'The same for the prompts of each category. p-values are adjusted for the variants, not for the categories',
      [textColumn('Category'), textColumn('Measure'), ...variantColumns(evaluation)],
      results.categories.flatMap(({ category, promptCount, variants }) =>
        ids.map((id): TableCell[] => [
          { text: category === '' ? '–' : category, detail: plural(promptCount, 'prompt') },
          { text: measureLabel(id) },
          ...variants.map((result) => measureCell(result, id))
        ])
      )
    )
  ]
}

function passAtKBlocks(evaluation: Evaluated): Block[] {
  const { variants, results } = evaluation
  const ks = [...new Set(results.variants.flatMap(({ passAtK }) => passAtK.map(({ k }) => k)))].sort((a, b) => a - b)
  if (ks.length === 0) return []
  return [
    {
      kind: 'chart',
      label: `pass@k of ${plural(variants.length, 'variant')} for k from 1 to ${Math.max(...ks)}.`,
      chart: { kind: 'pass-at-k', evaluation: { variants, results } }
    },
    block.table(
      'pass@k: the share of problems that k answers solve, unbiased',
      [textColumn('k'), ...variantColumns(evaluation)],
      ks.map((k): TableCell[] => [
        { text: String(k) },
        ...results.variants.map(({ passAtK }): TableCell => {
          const pass = passAtK.find((entry) => entry.k === k)
          return estimateCell('passAtN', pass, pass?.difference)
        })
      ])
    )
  ]
}

/** @param per unit of `answersPerPrompt`, such as "per prompt" */
function judgeFacts(label: string, judge: JudgeSettings | null, per: string): Fact[] {
  if (judge === null) return []
  const { model, baseUrl, answersPerPrompt } = judge
  return [[label, `${model} at ${baseUrl}, ${plural(answersPerPrompt, 'answer')} ${per}`]]
}

function evaluationFacts(evaluation: ReportedEvaluation): Fact[] {
  const { task, variants, computing, precision, weights, judge, pairJudge, formJudge } = evaluation
  const { settings, reading } = task
  const optional = (label: string, value: string | number | undefined): Fact[] =>
    value === undefined ? [] : [[label, String(value)]]
  return [
    ['Evaluation', evaluation.id],
    ['Begun', formatUtc(evaluation.createdAt)],
    ['Task', `${task.id}, ${task.kind}`],
    [
      'Answers are read',
      reading.kind === 'pattern' ? `by the pattern ${reading.pattern}` : reading.kind.replace('-', ' ')
    ],
    ...answerFacts(settings, describeComputation(computing, { precision, weights }), {
      ...evaluation,
      variants: variants.map(({ variant }) => variant)
    }),
    ...variants.flatMap(({ variant: { name }, sampling, prefix, suffix, system, listed, prompting }): Fact[] => [
      ...optional(
        `Sampler of ${name}`,
        sampling &&
          samplingFacts(sampling)
            .map(([setting, value]) => `${setting.toLowerCase()} ${value}`)
            .join(', ')
      ),
      ...optional(`Prefix of ${name}`, prefix),
      ...optional(`Suffix of ${name}`, suffix),
      ...optional(`System turn of ${name}`, system),
      ...optional(`Answers in each list of ${name}`, listed),
      ...optional(`Prompting of ${name}`, prompting)
    ]),
    ...judgeFacts('Judge', judge, 'per prompt'),
    ...judgeFacts('Judge of pairs', pairJudge, 'in each set'),
    ...optional(
      'Reader of answers',
      formJudge === null ? undefined : `${formJudge.model} at ${formJudge.baseUrl}, all answers`
    )
  ]
}
