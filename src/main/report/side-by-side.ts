import {
  type EvaluationVariant,
  frameKey,
  mainMeasures,
  type VariantResult
} from '../../contract/documents/evaluation'
import type { Report, ReportedEvaluation } from '../../contract/documents/report'
import { modelOf } from '../../contract/documents/swept-model'
import { toneOf } from '../../contract/documents/variant-styles'
import { elementAt } from '../../contract/model/look-up'
import { type MeasureId, measureOf } from '../../contract/model/measures'
import { sweptRangeModel, weightsKey } from '../../contract/model/model'
import { SAMPLING_BASELINE_KINDS, samplingBaselineKey } from '../../contract/model/sampling-baseline'
import type { Sampling } from '../../contract/model/sampling'
import { formatDifference, isFinding, measureLabel, SIGNIFICANCE } from '../../contract/words/evaluation-words'
import { formatCount, formatDuration, formatUtc, plural } from '../../contract/words/format'
import { type Block, type TableCell, numberColumn, paragraph, type Section, textColumn } from './blocks'
import type { ReportHead } from './sections'
import { measuredCell } from './sections/measured-cell'
import { pairsSections } from './sections/pairs'
import { headlineBlocks } from './sections/sweep'
import { rangesWords } from './sections/sweep-findings'
import { BLOCK_EVALUATION, workCell } from './sections/work-cell'

/* One page for the pairs of a study: the tables of the paper, with a row for each pair. */

/** What a study has of one of its pairs. */
export interface PairOfPage {
  name: string
  report: Report
  /** The page of the pair alone, as it is found from this one. */
  href: string
  /** Of the study's tasks, in their order; null for what is not there. */
  evaluations: (ReportedEvaluation | null)[]
}

export function sideBySideHead(
  study: string,
  pairs: readonly PairOfPage[],
  { createdAt, programVersion }: Report
): ReportHead {
  return {
    title: study,
    subtitle: `${plural(pairs.length, 'pair')} · Selective Layer Restoration · ${formatUtc(createdAt)} · SLR Workbench ${programVersion}`
  }
}

/**
 * @param pairs at least one
 * @param missing why pairs of the study are not among them
 */
export function sideBySideSections(pairs: readonly PairOfPage[], missing: readonly string[]): Section[] {
  return [
    glance(pairs, missing),
    ...pairsSections({ pairs: swept(pairs) }),
    evaluations(pairs),
    cost(pairs),
    { id: 'reports', title: 'Each pair', blocks: [linksTo(pairs)] }
  ]
}

function glance(pairs: readonly PairOfPage[], missing: readonly string[]): Section {
  return {
    id: 'glance',
    title: 'At a glance',
    blocks: [
      ...missing.map((text): Block => ({ kind: 'warning', text })),
      ...pairs.flatMap(({ name, report: { sweep, warnings } }): Block[] => [
        { kind: 'heading', text: name },
        ...(sweep === null ? [paragraph('Nothing was swept.')] : headlineBlocks(sweep)),
        ...warnings.map((text): Block => ({ kind: 'warning', text }))
      ])
    ]
  }
}

/** The pairs of the study, by what the sweep of the first that was swept is scored by. */
function swept(pairs: readonly PairOfPage[]): Report['pairs'] {
  const found = pairs.find(({ report }) => report.pairs !== null)?.report.pairs ?? null
  if (found === null) return null
  const own = found.pairs.filter(({ name }) => pairs.some((pair) => pair.name === name))
  const has = (id: string): boolean => own.some((pair) => pair.id === id)
  return {
    ...found,
    shown: null,
    pairs: own,
    transfers: found.transfers.filter(({ from, to }) => has(from) && has(to))
  }
}

function evaluations(pairs: readonly PairOfPage[]): Section {
  const count = Math.max(...pairs.map((pair) => pair.evaluations.length))
  const blocks = Array.from({ length: count }, (_, place) => taskBlocks(pairs, place)).flat()
  return {
    id: 'evaluations',
    title: 'Evaluations',
    blocks: blocks.length > 0 ? blocks : [paragraph('No task was evaluated.')]
  }
}

/** @param place of the task in the study */
function taskBlocks(pairs: readonly PairOfPage[], place: number): Block[] {
  const rows = pairs.map(({ name, report, evaluations: all }) => {
    const evaluation = all[place] ?? null
    return { name, evaluation, variants: evaluation === null ? [] : placed(evaluation, report.sweep) }
  })
  const first = rows.find(({ evaluation }) => evaluation !== null)?.evaluation
  if (first === undefined || first === null) return []
  const { task } = first
  const results = rows.flatMap(({ variants }) => variants.map(({ result }) => result))
  const roles = [
    ...new Map(rows.flatMap(({ variants }) => variants.map((one) => [one.role, one] as const))).values()
  ]
  const measures = mainMeasures(task.kind, results)
  const stopped = rows.filter(({ evaluation }) => evaluation?.answered === false).map(({ name }) => name)
  return [
    { kind: 'heading', text: task.name },
    paragraph(
      `${plural(task.promptCount, 'prompt')}, ${formatCount(task.settings.sampleCount)} answers of each variant.`
    ),
    ...(stopped.length === 0
      ? []
      : [{ kind: 'warning', text: `Stopped, so of the answers so far: ${stopped.join(', ')}.` } as const]),
    ...[measures.diversity, measures.quality].map((id): Block => ({
      kind: 'table',
      label:
        `${measureLabel(id)} (${measureOf(id).about}). Means over prompts with 95 % intervals; below, the difference from ${first.results.comparedWith} ` +
        `on the same prompts, its interval, and p adjusted within the pair (sign-flip test, Holm), bold below ${SIGNIFICANCE}, losses also without the adjustment`,
      columns: [
        textColumn('Pair'),
        ...roles.map(({ role, variant }) => ({ ...numberColumn(role), tone: toneOf(variant) }))
      ],
      rows: rows.map(({ name, variants }): TableCell[] => [
        { text: name },
        ...roles.map(({ role }) =>
          measureCell(
            variants.find((one) => one.role === role),
            id
          )
        )
      ])
    })),
    ...rows.flatMap(({ name, evaluation }): Block[] =>
      evaluation === null ? [] : [tradeOff(name, evaluation, measures)]
    )
  ]
}

const tradeOff = (
  name: string,
  { variants, results }: ReportedEvaluation,
  { diversity, quality }: Record<'diversity' | 'quality', MeasureId>
): Block => ({
  kind: 'chart',
  label: `${name}: ${measureOf(diversity).label.toLowerCase()} against ${measureOf(quality).label.toLowerCase()}, with 95 % intervals.`,
  chart: { kind: 'trade-off', evaluation: { variants, results }, diversity, quality }
})

/** A variant of an evaluation, and what it is in the study of any pair. */
interface Placed extends EvaluationVariant {
  role: string
  result: VariantResult
}

/** The variants of a pair, each under a role of its own: pairs differ in the range that is selected and in what the rule takes of baselines. */
function placed({ variants, results }: ReportedEvaluation, sweep: Report['sweep']): Placed[] {
  const roles = rolesOf(sweep)
  return variants.reduce<Placed[]>((before, entry, index) => {
    const { variant, listed, sampling } = entry
    const isFramed = listed !== undefined || frameKey(entry) !== frameKey({})
    const label = (isFramed ? undefined : roles.get(weightsKey(variant))) ?? variant.name
    const named = [
      label,
      ...(sampling === undefined ? [] : [`${label}, ${samplerWords(sampling)}`]),
      variant.name
    ]
    const role = named.find((one) => before.every((other) => other.role !== one)) ?? variant.name
    return [...before, { ...entry, result: elementAt(results.variants, index, 'result'), role }]
  }, [])
}

/** What models are to the sweep of their pair, by their weights. */
function rolesOf(sweep: Report['sweep']): ReadonlyMap<string, string> {
  const roles = new Map<string, string>()
  if (sweep === null || sweep.selection === null) return roles
  const { selected, baselines } = sweep.selection
  for (const { baseline } of baselines) {
    if (baseline.kind === 'control')
      roles.set(weightsKey(sweptRangeModel(baseline.range, sweep)), `${baseline.place} range of that length`)
    else if (baseline.kind === 'uniform-blend') {
      roles.set(weightsKey(modelOf(baseline, sweep)), 'all layers blended alike')
    } else if (baseline.kind !== 'tempered' && baseline.kind !== 'half') {
      roles.set(samplingBaselineKey(baseline), SAMPLING_BASELINE_KINDS[baseline.kind].toLowerCase())
    }
  }
  // Last: a control may be the selected range itself.
  if (selected !== null) roles.set(weightsKey(sweptRangeModel(selected, sweep)), 'selected range')
  return roles
}

const samplerWords = ({ temperature, minP, topP, topK }: Sampling): string =>
  [
    `temperature ${temperature}`,
    ...(minP === 0 ? [] : [`min-p ${minP}`]),
    ...(topP === 1 ? [] : [`top-p ${topP}`]),
    ...(topK === null ? [] : [`top-k ${topK}`])
  ].join(', ')

function measureCell(found: Placed | undefined, id: MeasureId): TableCell {
  const estimate = found?.result.measures[id]
  if (found === undefined || estimate === undefined) return { text: '–' }
  const { name } = found.variant
  const difference = found.result.differences[id]
  const details = [
    ...(name === found.role ? [] : [name]),
    ...(difference === undefined ? [] : [formatDifference(id, difference)])
  ]
  return {
    ...measuredCell(id, estimate, details),
    strong: difference !== undefined && isFinding(id, difference)
  }
}

/** What finding the ranges took, and how much was answered. */
function cost(pairs: readonly PairOfPage[]): Section {
  const nothing: TableCell = { text: '–' }
  return {
    id: 'cost',
    title: 'Cost',
    blocks: [
      {
        kind: 'table',
        label: `What it took for each pair; ${BLOCK_EVALUATION}`,
        columns: [
          textColumn('Pair'),
          numberColumn('scored'),
          numberColumn('prompts', 'of the sweep'),
          numberColumn('work'),
          numberColumn('sweep', 'time'),
          numberColumn('ranges checked', 'time of the last'),
          numberColumn('answers', 'to the tasks')
        ],
        rows: pairs.map(({ name, report: { sweep }, evaluations: all }): TableCell[] => [
          { text: name },
          ...(sweep === null
            ? Array<TableCell>(5).fill(nothing)
            : [
                { text: rangesWords(sweep), detail: plural(sweep.uniformBlends.length, 'uniform blend') },
                { text: String(sweep.promptCount) },
                workCell(sweep),
                { text: formatDuration(sweep.seconds) },
                sweep.check === null
                  ? nothing
                  : { text: String(sweep.check.models.length), detail: formatDuration(sweep.check.seconds) }
              ]),
          { text: formatCount(answersOf(all)) }
        ])
      }
    ]
  }
}

const answersOf = (evaluations: PairOfPage['evaluations']): number =>
  evaluations
    .flatMap((evaluation) => evaluation?.results.variants.map(({ answerCount }) => answerCount) ?? [])
    .reduce((sum, count) => sum + count, 0)

const linksTo = (pairs: readonly PairOfPage[]): Block => ({
  kind: 'links',
  links: pairs.map(({ name, href }) => ({ text: name, href }))
})
