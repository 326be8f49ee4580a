import {
  type MeasureDifference,
  type Estimate,
  mainMeasures,
  type VariantResult
} from '../../../contract/documents/evaluation'
import { type MeasureId, measureOf } from '../../../contract/model/measures'
import {
  askedWords,
  formatDifference,
  isFinding,
  measureLabel,
  measuresOf,
  proxySentence,
  SIGNIFICANCE,
  stoppedAt,
  stoppedSentence
} from '../../../contract/words/evaluation-words'
import { measuredCell } from './measured-cell'
import { evaluationVerdicts } from '../../../contract/words/evaluation-verdict'
import { elementAt } from '../../../contract/model/look-up'
import { formatUtc, plural } from '../../../contract/words/format'
import type { JudgeSettings } from '../../../contract/documents/judge'
import type { PairJudgement } from '../../../contract/documents/preferences'
import { describeComputation, type Variant } from '../../../contract/documents/samples'
import { judgedShare, judgingNotices } from '../../../contract/words/judging-words'
import { judgeTrust } from '../../../contract/words/preference-words'
import type { Report, ReportedEvaluation } from '../../../contract/documents/report'
import { nameStyle } from '../../../contract/documents/variant-styles'
import { endingFacts, renderingFacts, samplingFacts } from '../samples-page/settings-facts'
import type { Block, TableCell, Column, Section } from '../blocks'
import { emptySection, fold, markBlocks, numberColumn, paragraph, textColumn } from '../blocks'
import { originFacts } from './origin'
import { preferenceBlocks } from './preferences'
import { variantFacts } from './samples'

const stoppedWords = ({ task, results, variants, answered }: ReportedEvaluation): string | null =>
  stoppedAt(results, task.promptCount * variants.length * task.settings.sampleCount, answered)

/** What the variants of all evaluations came to in the measures that their kind of task begins with; nothing without any. */
export function mainComparisons(evaluations: readonly ReportedEvaluation[]): Block[] {
  const rows = evaluations.flatMap((evaluation) => {
    const { task, results, variants } = evaluation
    const stopped = stoppedWords(evaluation)
    const models = variants.map(({ variant }) => variant)
    const main = mainMeasures(task.kind, results.variants)
    const verdicts = evaluationVerdicts(results, main)
    const named = evaluation.runMarks.name === '' ? [] : [`“${evaluation.runMarks.name}”`]
    const asked = askedWords({ ...task, ...task.settings })
    const about = [...named, asked, formatUtc(evaluation.createdAt), ...(stopped === null ? [] : [stopped])]
    return results.variants.flatMap(({ variant, differences }, index): TableCell[][] => {
      if (variant === results.comparedWith) return []
      const of = variants[index]?.variant
      const { verdict, but, good } = elementAt(verdicts, index, 'verdict')
      return [
        [
          { text: task.name, detail: about.join('\n') },
          {
            text: variant,
            detail: `against ${results.comparedWith}`,
            ...(of === undefined ? {} : nameStyle(models, of))
          },
          { text: verdict, ...(but === null ? {} : { detail: `but ${but}` }), strong: good === false },
          ...Object.values(main).map((id): TableCell => {
            const found = differences[id]
            return { text: found === undefined ? '–' : formatDifference(id, found), detail: measureLabel(id) }
          })
        ]
      ]
    })
  })
  if (rows.length === 0) return []
  const stopped = evaluations.filter(({ answered }) => !answered)
  return [
    ...(stopped.length === 0
      ? []
      : [
          {
            kind: 'warning',
            text: `${plural(stopped.length, 'evaluation')} below ${stopped.length === 1 ? 'was' : 'were'} stopped: differences and p-values are of the answers so far.`
          } as const
        ]),
    {
      kind: 'table',
      label: 'Differences on the same prompts, with 95 % intervals and adjusted p-values',
      columns: [
        textColumn('Evaluation'),
        textColumn('Variant'),
        textColumn(
          'Verdict',
          'bold: a loss, or one that is not excluded, or something else that does better'
        ),
        numberColumn('diversity'),
        numberColumn('quality')
      ],
      rows
    }
  ]
}

/** All evaluations, newest first. */
export function evaluationsSection({ evaluations }: Report): Section {
  const section = { id: 'evaluations', title: 'Evaluations' }
  if (evaluations.length === 0)
    return emptySection(
      section,
      'No task was evaluated yet: the Evaluate view, or slr evaluate, says whether a gain holds on open-ended tasks.'
    )
  return { ...section, blocks: evaluations.flatMap(evaluationBlocks) }
}

function evaluationBlocks(evaluation: ReportedEvaluation): Block[] {
  const { task, results, variants } = evaluation
  const stopped = stoppedWords(evaluation)
  const { diversity, quality } = mainMeasures(task.kind, results.variants)
  const proxy = proxySentence(results)
  const hasMain = [diversity, quality].every((id) =>
    results.variants.some(({ measures }) => measures[id] !== undefined)
  )
  return [
    { kind: 'heading', text: task.name },
    ...markBlocks(evaluation.runMarks),
    paragraph(
      `${task.description}${task.description === '' ? '' : ' '}${plural(task.promptCount, 'prompt')}, ` +
        `${stopped === null ? '' : 'asked for '}${plural(task.settings.sampleCount, 'answer')} of each of ${plural(variants.length, 'variant')}.`
    ),
    ...(stopped === null ? [] : [{ kind: 'warning', text: stoppedSentence(stopped) } as const]),
    ...judgingNotices(evaluation.judging).map((text): Block => ({ kind: 'warning', text })),
    ...(hasMain
      ? [
          {
            kind: 'chart',
            label: `${measureOf(diversity).label} against ${measureOf(quality).label.toLowerCase()} of ${plural(variants.length, 'variant')}, with 95 % intervals.`,
            chart: { kind: 'trade-off', evaluation: { variants, results }, diversity, quality }
          } as const
        ]
      : []),
    measuresTable(evaluation),
    ...categoryBlocks(evaluation),
    ...passAtKBlocks(evaluation),
    ...(proxy === '' ? [] : [paragraph(proxy)]),
    ...(results.pairs === null
      ? []
      : judgedPairsBlocks(
          results.pairs,
          variants.map(({ variant }) => variant)
        )),
    ...evaluation.notices.map((text): Block => ({ kind: 'note', text })),
    fold('Settings of the evaluation', [{ kind: 'facts', facts: evaluationFacts(evaluation) }])
  ]
}

function judgedPairsBlocks(pairs: PairJudgement, variants: readonly Variant[]): Block[] {
  return [
    ...preferenceBlocks('Judged in pairs', pairs.tally, variants),
    { kind: 'note', text: judgeTrust(pairs) }
  ]
}

const variantColumns = ({ variants }: ReportedEvaluation): Column[] => {
  const models = variants.map(({ variant }) => variant)
  return models.map((variant) => ({ ...numberColumn(variant.name), ...nameStyle(models, variant) }))
}

function measuresTable(evaluation: ReportedEvaluation): Block {
  const { results, judging } = evaluation
  return {
    kind: 'table',
    label:
      `Means over prompts with 95 % intervals; below, the difference from ${results.comparedWith} on the prompts that both have it on, ` +
      `interval and p-value adjusted for all comparisons of the measure (sign-flip test, Holm), bold below ${SIGNIFICANCE}, losses also without the adjustment; of many ` +
      'measures, one may come out by chance',
    columns: [textColumn('Measure', 'the arrow points to better'), ...variantColumns(evaluation)],
    rows: measuresOf(results).map((id): TableCell[] => [
      { text: measureLabel(id), detail: judgedShare(id, judging) || measureOf(id).about },
      ...results.variants.map((result) => measureCell(result, id))
    ])
  }
}

/** The measures that matter most, for the prompts of each category. */
function categoryBlocks(evaluation: ReportedEvaluation): Block[] {
  const { task, results } = evaluation
  if (results.categories.length === 0) return []
  const ids = Object.values(mainMeasures(task.kind, results.variants))
  return [
    {
      kind: 'table',
      label: `The same for the prompts of each category; p-values are adjusted for the variants, not for the categories`,
      columns: [textColumn('Category'), textColumn('Measure'), ...variantColumns(evaluation)],
      rows: results.categories.flatMap(({ category, promptCount, variants }) =>
        ids.map((id): TableCell[] => [
          { text: category === '' ? '–' : category, detail: plural(promptCount, 'prompt') },
          { text: measureLabel(id) },
          ...variants.map((result) => measureCell(result, id))
        ])
      )
    }
  ]
}

function measureCell({ measures, differences }: VariantResult, id: MeasureId): TableCell {
  const estimate = measures[id]
  if (estimate === undefined) return { text: '–' }
  return estimateCell(id, estimate, differences[id] ?? null)
}

function estimateCell(id: MeasureId, estimate: Estimate, found: MeasureDifference | null): TableCell {
  const details = found === null ? [] : [formatDifference(id, found)]
  return { ...measuredCell(id, estimate, details), strong: found !== null && isFinding(id, found) }
}

function passAtKBlocks(evaluation: ReportedEvaluation): Block[] {
  const { variants, results } = evaluation
  const ks = [...new Set(results.variants.flatMap(({ passAtK }) => passAtK.map(({ k }) => k)))].sort(
    (a, b) => a - b
  )
  if (ks.length === 0) return []
  return [
    {
      kind: 'chart',
      label: `pass@k of ${plural(variants.length, 'variant')} for k from 1 to ${Math.max(...ks)}.`,
      chart: { kind: 'pass-at-k', evaluation: { variants, results } }
    },
    {
      kind: 'table',
      label: 'pass@k: the share of problems that k answers solve, unbiased',
      columns: [textColumn('k'), ...variantColumns(evaluation)],
      rows: ks.map((k): TableCell[] => [
        { text: String(k) },
        ...results.variants.map(({ passAtK }): TableCell => {
          const found = passAtK.find((entry) => entry.k === k)
          return found === undefined ? { text: '–' } : estimateCell('passAtN', found, found.difference)
        })
      ])
    }
  ]
}

function judgeFacts(label: string, judge: JudgeSettings | null, each: string): [string, string][] {
  if (judge === null) return []
  const { model, baseUrl, answersPerPrompt } = judge
  return [[label, `${model} at ${baseUrl}, ${plural(answersPerPrompt, 'answer')} ${each}`]]
}

function evaluationFacts(evaluation: ReportedEvaluation): [string, string][] {
  const { task, variants, computing, precision, weights, judge, pairJudge, formJudge, rendering, origin } =
    evaluation
  const { settings, reading } = task
  return [
    ['Evaluation', evaluation.id],
    ['Begun', formatUtc(evaluation.createdAt)],
    ['Task', `${task.id}, ${task.kind}`],
    [
      'Answers are read',
      reading.kind === 'pattern' ? `by the pattern ${reading.pattern}` : reading.kind.replace('-', ' ')
    ],
    ...samplingFacts(settings.sampling),
    ...endingFacts(settings),
    ['Answers per prompt', String(settings.sampleCount)],
    ['Seed', String(settings.seed)],
    ['Computed', describeComputation(computing, { precision, weights })],
    ...variantFacts(variants.map(({ variant }) => variant)),
    ...variants.flatMap(({ variant, sampling, prefix, suffix, system, listed }): [string, string][] => [
      ...(sampling === undefined
        ? []
        : [
            [
              `Sampler of ${variant.name}`,
              samplingFacts(sampling)
                .map(([name, value]) => `${name.toLowerCase()} ${value}`)
                .join(', ')
            ] satisfies [string, string]
          ]),
      ...(prefix === undefined ? [] : [[`Prefix of ${variant.name}`, prefix] satisfies [string, string]]),
      ...(suffix === undefined ? [] : [[`Suffix of ${variant.name}`, suffix] satisfies [string, string]]),
      ...(system === undefined
        ? []
        : [[`System turn of ${variant.name}`, system] satisfies [string, string]]),
      ...(listed === undefined
        ? []
        : [[`Answers in each list of ${variant.name}`, String(listed)] satisfies [string, string]])
    ]),
    ...judgeFacts('Judge', judge, 'per prompt'),
    ...judgeFacts('Judge of pairs', pairJudge, 'in each set'),
    ...(formJudge === null
      ? []
      : [
          ['Read what answers mean', `${formJudge.model} at ${formJudge.baseUrl}, all answers`] satisfies [
            string,
            string
          ]
        ]),
    ...renderingFacts(rendering),
    ...originFacts(origin)
  ]
}
