import { runNotices } from '../../contract/words/run-notices'
import { readOutline } from '../project/results/checked-sweep'
import { basename } from 'node:path'
import { version } from '../../../package.json'
import type { SweepDocument } from '../../contract/documents/crc'
import type { EvaluationView } from '../../contract/documents/evaluation'
import type { RunAnnotations } from '../../contract/documents/history'
import type { RunKind } from '../../contract/model/run-kinds'
import { keptCheckpoint, type KeptModels, keptRecipe, withKeptIdentity } from '../../contract/documents/kept-models'
import type { LineageDocument } from '../../contract/documents/lineage'
import type { PairState } from '../../contract/documents/project'
import {
  Report,
  type ReportedCheckpoint,
  type ReportedEvaluation,
  type ReportedOrigin,
  type ReportedPairs,
  type ReportedSamples,
  type ReportedSearch,
  type ReportedSweep
} from '../../contract/documents/report'
import type { SearchDocument } from '../../contract/documents/search'
import { briefPreview } from '../../contract/documents/shown-sweep'
import { elementAt } from '../../contract/model/look-up'
import { sweptRangeModel } from '../../contract/model/model'
import { checkpointChanges } from '../../contract/procedures/checkpoint-changes'
import { newestFinding } from '../../contract/words/evaluation-finding'
import { formatUtc } from '../../contract/words/format'
import { newestRefusals, safetyNote } from '../../contract/words/safety'
import { verdictOf, withoutModels } from '../../contract/words/verdict'
import { defaultSweepOf } from '../../contract/documents/default-sweep'
import { briefScoring, scoringKey } from '../../contract/documents/scored-by'
import { measureRun } from '../measures/host'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { changedMembers } from '../project/results/stored-distances'
import { type OutlinedSweep } from '../measures/outline-sweep'
import { transferSelections } from '../measures/transfer-selections'
import { problemOf } from '../base/rpc-problems'
import type { ComputedFrom } from './option-words'
import { reportedOtherSweep } from './other-sweeps'
import { reportedOrigin, reportedSamples } from './reported-samples'
import { reproduction } from './reproduction'
import { shownModelName, withoutFolders } from './shown-command'
import { readExperiment, type StoredExperiment } from './stored-experiment'

/** Facts about the project and the pair that describing a result needs. */
interface Context {
  /** Recipes and checkpoints that the project keeps, with their present names. */
  kept: KeptModels
  /** Names the checkpoints that a result was computed from, and says which have changed since. */
  originOf: (from: ComputedFrom) => ReportedOrigin
  annotationsOf: (kind: RunKind, id: string) => RunAnnotations
  /** Returns a text with names in place of full paths. */
  shorten: (text: string) => string
}

/**
 * Collects the contents of a report. A report is shared, so folders become names, and parsing removes all other fields.
 *
 * @param sweepId sweep to show; the default sweep if omitted
 */
export async function collectReport(
  projectPair: ProjectPair,
  pairState: PairState,
  sweepId: string | undefined,
  now = new Date()
): Promise<Report> {
  const { project, history } = projectPair
  const experiment = await readExperiment(projectPair, pairState, sweepId)
  const { document, pair, checksums } = experiment
  const context: Context = {
    kept: document,
    originOf: (from) => reportedOrigin(from, changedMembers(from, pair)),
    annotationsOf: (kind, id) => history.annotationsOf({ kind, id }),
    shorten: (text) => nameFolders(text, projectPair)
  }
  const results = await describeResults(experiment, context)
  const report: Report = {
    createdAt: now.toISOString(),
    programVersion: version,
    project: {
      name: project.name,
      folder: basename(project.path),
      createdAt: project.createdAt,
      notes: project.notes
    },
    pair: pair && {
      base: describeCheckpoint(pair.base, checksums.base),
      post: describeCheckpoint(pair.post, checksums.post),
      findings: pair.findings
    },
    notes: document.notes,
    rendering: document.rendering,
    ...results,
    otherSweeps: experiment.otherSweeps.map(reportedOtherSweep),
    pairs: await reportedPairs(projectPair, experiment.sweep),
    sweepCount: experiment.sweepCount,
    sampleRunCount: experiment.sampleRunCount,
    recipes: document.recipes,
    warnings: [...experiment.unread.map(context.shorten), ...changeWarnings(experiment), ...originWarnings(results)],
    reproduction: await reproduction(experiment)
  }
  // Parsing removes the large parts first.
  return Report.parse(withoutFolders(Report.parse(report)))
}

async function describeResults(experiment: StoredExperiment, context: Context) {
  const { distances, sweep, check, lineage } = experiment
  const samples: ReportedSamples[] = []
  for (const stored of experiment.samples) samples.push(await describeSamples(stored, context))
  return {
    distances: distances && { ...distances, origin: context.originOf(distances) },
    sweep: sweep && describeSweep(sweep, experiment, context),
    lineage: lineage && describeLineage(lineage, context),
    samples,
    characterCheck: check && {
      ...check,
      origin: context.originOf(check),
      promptCount: check.prompts.length
    },
    // Complete evaluations come first.
    evaluations: [true, false].flatMap((isAnswered) =>
      experiment.evaluations
        .filter(({ answered }) => answered === isAnswered)
        .map((view) => describeEvaluation(view, context))
    )
  }
}

/** Replaces the paths of the project and its models in a text by their names. */
export function nameFolders(text: string, { project: { path }, document }: ProjectPair): string {
  const { base, post } = pairPaths(document.location)
  const folders = [path, base, post, ...document.otherCheckpoints.map((other) => other.path)]
  // The longest first, because one folder may contain another.
  return folders
    .sort((a, b) => b.length - a.length)
    .reduce((named, folder) => named.replaceAll(folder, shownModelName(folder)), text)
}

function describeCheckpoint(
  summary: Omit<ReportedCheckpoint, 'sha256'>,
  checksums: StoredExperiment['checksums']['base']
): ReportedCheckpoint {
  const hashes = checksums?.files.map(({ name, sha256 }) => [name, sha256])
  return { ...summary, sha256: hashes === undefined ? null : Object.fromEntries(hashes) }
}

function describeSweep(
  sweep: SweepDocument,
  { selection, search, answerCheck, evaluations }: StoredExperiment,
  context: Context
): ReportedSweep {
  const { kept, originOf, annotationsOf, shorten } = context
  const range = selection?.selected ?? null
  const checkpoints = { base: sweep.basePath.fingerprint, post: sweep.postPath.fingerprint }
  const model = range && sweptRangeModel(range, sweep)
  const evaluation = model && newestFinding(evaluations, checkpoints, model)
  return {
    ...sweep,
    origin: originOf(sweep),
    annotations: annotationsOf('sweep', sweep.id),
    notices: sweep.notices.map(shorten),
    promptCount: sweep.prompts.length,
    safety: safetyNote(model && newestRefusals(evaluations, checkpoints, model)),
    verdict: selection && withoutModels(verdictOf({ ...sweep, selection, check: answerCheck, evaluation })),
    recipes: sweep.recipes.map((score) => {
      const recipe = keptRecipe(score.recipe, kept)
      return {
        ...score,
        recipe: recipe?.recipe ?? score.recipe,
        mark: recipe?.mark ?? null,
        // Recipes with `alone` restore only attention or only the MLP of the selected range.
        halfOf: score.alone === undefined ? null : sweep.selected
      }
    }),
    preview: sweep.preview && briefPreview(sweep.preview),
    checkpoints: sweep.checkpoints.map((score) => {
      const checkpoint = keptCheckpoint(score, kept)
      return { ...score, name: checkpoint?.name ?? score.name, mark: checkpoint?.mark ?? null }
    }),
    selection,
    search: search && describeSearch(search, context),
    check: answerCheck
  }
}

const describeSearch = (search: SearchDocument, { originOf, annotationsOf }: Context): ReportedSearch => ({
  ...search,
  origin: originOf(search),
  annotations: annotationsOf('search', search.id)
})

function describeLineage(lineage: LineageDocument, { originOf }: Context): Report['lineage'] {
  const { stages } = lineage
  const [basePath, postPath] = [elementAt(stages, 0, 'stage'), elementAt(stages, stages.length - 1, 'stage')]
  return { ...lineage, origin: originOf({ basePath, postPath }) }
}

async function describeSamples(
  { run, samples }: StoredExperiment['samples'][number],
  { kept, originOf, annotationsOf, shorten }: Context
): Promise<ReportedSamples> {
  return reportedSamples(run, samples, await measureRun(run, samples), {
    variants: run.variants.map((variant) => withKeptIdentity(variant, kept)),
    origin: originOf(run),
    annotations: annotationsOf('samples', run.id),
    notices: runNotices(run).map(shorten)
  })
}

function describeEvaluation(
  { run, results, judging, answered, complete }: EvaluationView,
  { kept, originOf, annotationsOf, shorten }: Context
): ReportedEvaluation {
  const { prompts, ...task } = run.task
  return {
    ...run,
    origin: originOf(run),
    annotations: annotationsOf('evaluation', run.id),
    notices: runNotices(run).map(shorten),
    variants: run.variants.map((entry) => ({ ...entry, variant: withKeptIdentity(entry.variant, kept) })),
    task: { ...task, promptCount: prompts.length },
    judging,
    answered,
    complete,
    results
  }
}

/** Warns if base or post is not the checkpoint that the project was created with. */
const changeWarnings = ({ document, pair }: StoredExperiment): string[] =>
  checkpointChanges({ document, pair }).map(({ member, kind, files }) =>
    kind === 'changed'
      ? `The ${member} model is another checkpoint than the project was created with.`
      : `The files ${files.join(', ')} of ${member} were written again after the project was created. ` +
        'They look the same.'
  )

/** Warns about results that were computed from other checkpoints than the pair has now. */
function originWarnings({
  distances,
  sweep,
  lineage,
  samples,
  characterCheck,
  evaluations
}: Pick<Report, 'distances' | 'sweep' | 'lineage' | 'samples' | 'characterCheck' | 'evaluations'>): string[] {
  const origins: [string, ReportedOrigin | undefined][] = [
    ['The distances of layers', distances?.origin],
    ['The sweep', sweep?.origin],
    ['The search', sweep?.search?.origin],
    ['The lineage', lineage?.origin],
    ...samples.map(({ createdAt, origin }): [string, ReportedOrigin] => [
      `The samples of ${formatUtc(createdAt)}`,
      origin
    ]),
    ['The character task on sampled answers', characterCheck?.origin],
    ...evaluations.map(({ task, origin }): [string, ReportedOrigin] => [`The evaluation “${task.name}”`, origin])
  ]
  return origins.flatMap(([result, origin]) =>
    origin === undefined || origin.changed.length === 0
      ? []
      : [`${result}: computed from another ${origin.changed.join(' and ')} checkpoint than the pair has now.`]
  )
}

/** Compares the pairs of a project under the scoring of the shown sweep, each with its own limit. */
async function reportedPairs(
  shownPair: ProjectPair,
  sweep: Pick<SweepDocument, 'scoredBy'> | null
): Promise<ReportedPairs | null> {
  const { pairs } = shownPair.project
  if (pairs.length === 1 || sweep === null) return null
  const scoredBy = briefScoring(sweep.scoredBy)
  const outlined: { id: string; name: string; sweep: OutlinedSweep | null }[] = []
  for (const pair of pairs) {
    const { name } = pair.document
    outlined.push({ id: pair.id, name, sweep: await outlineOf(pair, scoringKey(scoredBy)) })
  }
  return {
    scoredBy,
    shown: shownPair.document.name,
    pairs: outlined.map(({ id, name, sweep }) => ({ id, name, outline: sweep?.outline ?? null })),
    // The side of a pair is its selected range, with the scores that the comparison with other pairs needs.
    transfers: transferSelections(
      outlined.map(({ id, sweep }) => ({
        id,
        state: sweep === null ? 'none' : 'read',
        side: sweep?.side ?? null
      }))
    )
  }
}

/**
 * Outlines a pair's default sweep of a scoring. Returns null if there is none, or if it cannot be read. The project
 * warns of an unreadable sweep.
 */
async function outlineOf(pair: ProjectPair, scoring: string): Promise<OutlinedSweep | null> {
  const defaultSweep = defaultSweepOf(
    pair.sweeps.filter(({ scoredBy, source }) => source === null && scoringKey(scoredBy) === scoring)
  )
  if (defaultSweep === undefined) return null
  try {
    return await readOutline(pair, defaultSweep.id)
  } catch (error) {
    if (problemOf(error) === null) throw error
    return null
  }
}
