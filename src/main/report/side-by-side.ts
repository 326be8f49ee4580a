import { isBaseline } from '../../contract/documents/crc'
import { baselineModel } from '../../contract/documents/swept-model'
import { BASELINE_FAMILIES } from '../../contract/model/sampling-baseline'
import { type EvaluationVariant, isPlain, mainMeasures, type VariantResult } from '../../contract/documents/evaluation'
import type { Report, ReportedEvaluation } from '../../contract/documents/report'
import { toneOf } from '../../contract/documents/variant-styles'
import { elementAt } from '../../contract/model/look-up'
import { measureOf } from '../../contract/model/measures'
import { sweptRangeModel, weightsKey } from '../../contract/model/model'
import { PROMPTINGS } from '../../contract/model/prompting'
import { measureLabel } from '../../contract/words/evaluation-words'
import { formatCount, formatDuration, plural } from '../../contract/words/format'
import { samplerWords } from '../../contract/words/sampler-words'
import { sum } from '../base/sums'
import { type Block, block, DASH, numberColumn, type Section, type TableCell, textColumn } from './blocks'
import { type ReportHead, creationWords } from './sections'
import { differenceRule, tradeOff } from './sections/evaluations'
import { measureCell } from './sections/measured-cell'
import { pairsSections } from './sections/pairs'
import { headlineBlocks } from './sections/sweep'
import { rangesWords } from './sections/sweep-findings'
import { BLOCK_EVALUATION, workCell } from './sections/work-cell'

/* The page of a study, which compares several pairs: the tables of the paper with a row for each pair. */

export interface StudyPagePair {
  name: string
  report: Report
  /** Address of the pair's own page, relative to this page. */
  href: string
  /** Evaluations of the study's tasks, in their order; null for missing evaluations. */
  evaluations: (ReportedEvaluation | null)[]
}

export const sideBySideHead = (study: string, pairs: readonly StudyPagePair[], report: Report): ReportHead => ({
  title: study,
  subtitle: `${plural(pairs.length, 'pair')} · ${creationWords(report)}`
})

/** Writes the sections of the page. @param pairs at least one @param missing reasons why other pairs are missing */
export function sideBySideSections(pairs: readonly StudyPagePair[], missing: readonly string[]): Section[] {
  return [
    glance(pairs, missing),
    ...pairsSections({ pairs: sweptPairs(pairs) }),
    evaluations(pairs),
    cost(pairs),
    {
      id: 'reports',
      title: 'Each pair',
      blocks: [{ kind: 'links', links: pairs.map(({ name, href }) => ({ text: name, href })) }]
    }
  ]
}

const glance = (pairs: readonly StudyPagePair[], missing: readonly string[]): Section => ({
  id: 'glance',
  title: 'At a glance',
  blocks: [
    ...missing.map(block.warning),
    ...pairs.flatMap(({ name, report: { sweep, warnings } }): Block[] => [
      block.heading(name),
      ...(sweep === null ? [block.paragraph('No sweep.')] : headlineBlocks(sweep)),
      ...warnings.map(block.warning)
    ])
  ]
})

/** Returns the comparison of pairs of a report, reduced to the pairs of the study. */
function sweptPairs(pairs: readonly StudyPagePair[]): Report['pairs'] {
  const overview = pairs.find(({ report }) => report.pairs !== null)?.report.pairs ?? null
  if (overview === null) return null
  const ofStudy = overview.pairs.filter(({ name }) => pairs.some((pair) => pair.name === name))
  const has = (id: string): boolean => ofStudy.some((pair) => pair.id === id)
  return {
    ...overview,
    shown: null,
    pairs: ofStudy,
    transfers: overview.transfers.filter(({ from, to }) => has(from) && has(to))
  }
}

function evaluations(pairs: readonly StudyPagePair[]): Section {
  const count = Math.max(...pairs.map((pair) => pair.evaluations.length))
  const blocks = Array.from({ length: count }, (_, task) => taskBlocks(pairs, task)).flat()
  return {
    id: 'evaluations',
    title: 'Evaluations',
    blocks: blocks.length > 0 ? blocks : [block.paragraph('No task was evaluated.')]
  }
}

/** Compares the pairs by one task. @param taskIndex index of the task in the study */
function taskBlocks(pairs: readonly StudyPagePair[], taskIndex: number): Block[] {
  const rows = pairs.map(({ name, report, evaluations: ofPair }) => {
    const evaluation = ofPair[taskIndex] ?? null
    return {
      name,
      evaluation,
      variants: evaluation === null ? [] : variantsInRoles(evaluation, report.sweep)
    }
  })
  const first = rows.find(({ evaluation }) => evaluation !== null)?.evaluation
  if (first === undefined || first === null) return []
  const { task } = first
  const inRoles = rows.flatMap(({ variants }) => variants)
  // One variant of each role.
  const roles = [...new Map(inRoles.map((variant) => [variant.role, variant])).values()]
  const measures = mainMeasures(
    task.kind,
    inRoles.map(({ result }) => result)
  )
  const stopped = rows.filter(({ evaluation }) => evaluation?.answered === false).map(({ name }) => name)
  return [
    block.heading(task.name),
    block.paragraph(
      `${plural(task.promptCount, 'prompt')}, ${formatCount(task.settings.sampleCount)} answers of each variant.`
    ),
    ...(stopped.length === 0
      ? []
      : [block.warning(`Stopped early, so the tables have only the answers so far: ${stopped.join(', ')}.`)]),
    ...[measures.diversity, measures.quality].map((id) =>
      block.table(
        `${measureLabel(id)} (${measureOf(id).about}). ` +
          `${differenceRule(first.results.comparedWith, 'within the pair')}`,
        [textColumn('Pair'), ...roles.map(({ role, variant }) => ({ ...numberColumn(role), tone: toneOf(variant) }))],
        rows.map(({ name, variants }): TableCell[] => [
          { text: name },
          ...roles.map(({ role }) => {
            const inRole = variants.find((variant) => variant.role === role)
            if (inRole === undefined) return DASH
            const { variant, result } = inRole
            return measureCell(result, id, variant.name === role ? [] : [variant.name])
          })
        ])
      )
    ),
    ...rows.flatMap(({ name, evaluation }) => (evaluation === null ? [] : [tradeOff(`of ${name}`, evaluation)]))
  ]
}

/** A variant of an evaluation, and its role, such as "selected range". Tables have a column for each role. */
interface VariantInRole extends EvaluationVariant {
  role: string
  result: VariantResult
}

/** Gives the variants of a pair distinct roles, because pairs differ in the selected range and its baselines. */
function variantsInRoles({ variants, results }: ReportedEvaluation, sweep: Report['sweep']): VariantInRole[] {
  const roles = rolesOf(sweep)
  const inRoles: VariantInRole[] = []
  for (const [index, entry] of variants.entries()) {
    const { variant, sampling, prompting } = entry
    const role = roles.get(weightsKey(variant))
    const hasOtherPrompts = prompting === undefined && !isPlain({ ...entry, sampling: undefined })
    const suffix = prompting === undefined ? '' : `, ${PROMPTINGS[prompting].label}`
    const label = hasOtherPrompts || role === undefined ? variant.name : `${role}${suffix}`
    const candidates = [label, ...(sampling === undefined ? [] : [`${label}, ${samplerWords(sampling)}`]), variant.name]
    const freeRole = candidates.find((name) => inRoles.every((other) => other.role !== name)) ?? variant.name
    inRoles.push({ ...entry, result: elementAt(results.variants, index, 'result'), role: freeRole })
  }
  return inRoles
}

/** Returns the roles of models in the sweep of their pair, by weights. */
function rolesOf(sweep: Report['sweep']): ReadonlyMap<string, string> {
  const roles = new Map<string, string>()
  if (sweep === null || sweep.selection === null) return roles
  const { selected, baselines } = sweep.selection
  for (const { baseline } of baselines) {
    if (baseline.kind === 'control')
      roles.set(weightsKey(sweptRangeModel(baseline.range, sweep)), `${baseline.place} range of that length`)
    else if (baseline.kind === 'uniform-blend') roles.set(weightsKey(baselineModel(baseline, sweep)), 'uniform blend')
    else if (isBaseline(baseline))
      roles.set(weightsKey(baselineModel(baseline, sweep)), BASELINE_FAMILIES[baseline.kind].curve.toLowerCase())
  }
  // The selected range comes last, because a control may be the same range.
  if (selected !== null) roles.set(weightsKey(sweptRangeModel(selected, sweep)), 'selected range')
  return roles
}

/** Shows the work for the ranges of each pair, and the number of answers. */
function cost(pairs: readonly StudyPagePair[]): Section {
  const columns = [
    textColumn('Pair'),
    numberColumn('scored'),
    numberColumn('prompts', 'of the sweep'),
    numberColumn('work'),
    numberColumn('sweep', 'time'),
    numberColumn('ranges checked', 'time of the last check'),
    numberColumn('answers', 'to the tasks')
  ]
  const rows = pairs.map(({ name, report: { sweep }, evaluations: ofPair }): TableCell[] => [
    { text: name },
    ...(sweep === null
      ? Array<TableCell>(5).fill(DASH)
      : [
          { text: rangesWords(sweep), detail: plural(sweep.uniformBlends.length, 'uniform blend') },
          { text: String(sweep.promptCount) },
          workCell(sweep),
          { text: formatDuration(sweep.seconds) },
          sweep.check === null
            ? DASH
            : { text: String(sweep.check.models.length), detail: formatDuration(sweep.check.seconds) }
        ]),
    { text: formatCount(sum(ofPair.flatMap((evaluation) => answerCounts(evaluation)))) }
  ])
  return {
    id: 'cost',
    title: 'Cost',
    blocks: [block.table(`Work for each pair. ${BLOCK_EVALUATION}`, columns, rows)]
  }
}

const answerCounts = (evaluation: ReportedEvaluation | null): number[] =>
  evaluation?.results.variants.map(({ answerCount }) => answerCount) ?? []
