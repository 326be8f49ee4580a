import { basename } from 'node:path'
import { version } from '../../../package.json'
import type { AnswerCheck } from '../../contract/documents/answer-check'
import { checkpointChanges } from '../../contract/procedures/checkpoint-changes'
import type { ChecksumsDocument } from '../../contract/documents/checksums'
import type { Score, SweepDocument } from '../../contract/documents/crc'
import type { EvaluationView } from '../../contract/documents/evaluation'
import {
  withKeptIdentity,
  type KeptModels,
  keptCheckpoint,
  keptRecipe
} from '../../contract/documents/kept-models'
import { formatUtc } from '../../contract/words/format'
import { briefPreview } from '../../contract/documents/shown-sweep'
import { sweptRangeModel } from '../../contract/model/model'
import { newestFinding } from '../../contract/words/evaluation-finding'
import { verdictOf, withoutModels } from '../../contract/words/verdict'
import type { RunKind, RunMarks } from '../../contract/documents/history'
import type { CheckpointSummary, PairReport } from '../../contract/documents/pair'
import type { PairState } from '../../contract/documents/project'
import {
  EvaluationFacts,
  type Report,
  type ReportedCheck,
  type ReportedCheckpoint,
  type ReportedEvaluation,
  type ReportedExcerpt,
  type ReportedOrigin,
  type ReportedSamples,
  ReportedScore,
  type ReportedSearch,
  type ReportedSweep
} from '../../contract/documents/report'
import type { SampledCrc, SampleLine, SampleRun } from '../../contract/documents/samples'
import type { SearchDocument } from '../../contract/documents/search'
import { countAnswers } from '../measures/texts/distinct-answers'
import { measureRun } from '../measures/host'
import { preferenceTallies } from '../measures/preferences'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { changedMembers } from '../project/results/stored-distances'
import { sampleCells } from '../measures/run-measures'
import type { ComputedFrom } from './option-words'
import { shownModelName, withoutFolder, withoutFolders, withoutSourceFolder } from './shown-command'
import { reportedOtherSweep } from './other-sweeps'
import { reportedPairs } from './reported-pairs'
import { reproduction } from './reproduction'
import { readExperiment, type StoredExperiment } from './stored-experiment'

const EXCERPT_PROMPTS = 4
const EXCERPT_ANSWERS = 4
const EXCERPT_CHARACTERS = 300

/**
 * What a report says of a project.
 *
 * @param sweepId of the sweep to show; the newest when left out
 * @throws WorkbenchError `not-found`, `bad-file` or `newer-version` for the sweep; what else cannot be read is left out, with
 *   a warning
 */
export async function collectReport(
  own: ProjectPair,
  pairState: PairState,
  sweepId: string | undefined,
  now = new Date()
): Promise<Report> {
  const stored = await readExperiment(own, pairState, sweepId)
  const { document, pair, distances, sweep, check } = stored
  const origin = (from: ComputedFrom): ReportedOrigin => originOf(from, pair)
  const samples: ReportedSamples[] = []
  const runMarks = (kind: RunKind, id: string): RunMarks => own.history.marksOf({ kind, id })
  for (const { run, samples: answers } of stored.samples) {
    const reported = await reportedSamples(run, answers, origin(run), document)
    samples.push({ ...reported, runMarks: runMarks('samples', run.id) })
  }
  const named = <T extends { notices: string[] }>(part: T): T => ({
    ...part,
    notices: part.notices.map((text) => nameFolders(text, own))
  })
  const content = {
    distances: distances === null ? null : reportedDistances(distances, origin(distances)),
    sweep: sweep === null ? null : named(reportedSweep(sweep, { ...stored, runMarks }, own.document, origin)),
    samples: samples.map(named),
    characterCheck: check === null ? null : reportedCheck(check, origin(check)),
    evaluations: [
      ...stored.evaluations.filter(({ answered }) => answered),
      ...stored.evaluations.filter(({ answered }) => !answered)
    ].map((view) =>
      named({
        ...reportedEvaluation(view, origin(view.run), document),
        runMarks: runMarks('evaluation', view.run.id)
      })
    )
  }
  return {
    createdAt: now.toISOString(),
    programVersion: version,
    project: {
      name: own.project.name,
      folder: basename(own.project.path),
      createdAt: own.project.createdAt,
      notes: own.project.notes
    },
    pair: pair === null ? null : reportedPair(pair, stored.checksums),
    notes: document.notes,
    rendering: document.rendering,
    ...content,
    otherSweeps: stored.otherSweeps.map(reportedOtherSweep),
    pairs: await reportedPairs(own, sweep),
    sweepCount: stored.sweepCount,
    sampleRunCount: stored.sampleRunCount,
    recipes: document.recipes.map((kept) => ({ ...kept, recipe: withoutFolders(kept.recipe) })),
    warnings: [
      ...stored.unread.map((text) => nameFolders(text, own)),
      ...changeWarnings(stored),
      ...originWarnings(content)
    ],
    reproduction: await reproduction(stored)
  }
}

/** Messages name folders in full; a report that is shared should not. */
function nameFolders(text: string, { project: { path }, document }: ProjectPair): string {
  const { base, post } = pairPaths(document.location)
  const folders = [path, base, post, ...document.otherCheckpoints.map((other) => other.path)]
  // The longest first: one may lie in another.
  return folders
    .sort((a, b) => b.length - a.length)
    .reduce((named, folder) => named.replaceAll(folder, shownModelName(folder)), text)
}

function originOf(from: ComputedFrom, pair: PairReport | null): ReportedOrigin {
  const { basePath, postPath } = from
  return {
    base: { name: shownModelName(basePath.path), fingerprint: basePath.fingerprint },
    post: { name: shownModelName(postPath.path), fingerprint: postPath.fingerprint },
    changed: changedMembers(from, pair)
  }
}

function reportedPair(
  { base, post, findings }: PairReport,
  checksums: StoredExperiment['checksums']
): Report['pair'] {
  return {
    base: reportedCheckpoint(base, checksums.base),
    post: reportedCheckpoint(post, checksums.post),
    findings
  }
}

function reportedCheckpoint(
  { path: _, ...summary }: CheckpointSummary,
  checksums: ChecksumsDocument | null
): ReportedCheckpoint {
  const hashes = checksums?.files.map(({ name, sha256 }) => [name, sha256])
  return { ...summary, sha256: hashes === undefined ? null : Object.fromEntries(hashes) }
}

function reportedDistances(
  { basePath: _base, postPath: _post, ...distances }: NonNullable<StoredExperiment['distances']>,
  origin: ReportedOrigin
): Report['distances'] {
  return { ...distances, origin }
}

const summary = (score: Score): ReportedScore => ReportedScore.parse(score)

function reportedSweep(
  { basePath, postPath, prompts, selected: selectedFirst, ...sweep }: SweepDocument,
  {
    selection,
    search,
    answerCheck,
    evaluations,
    runMarks
  }: Pick<StoredExperiment, 'selection' | 'search' | 'answerCheck' | 'evaluations'> & {
    runMarks: (kind: RunKind, id: string) => RunMarks
  },
  kept: KeptModels,
  origin: (from: ComputedFrom) => ReportedOrigin
): ReportedSweep {
  const { base, post, ranges } = sweep
  const range = selection?.selected ?? null
  const checkpoints = { base: basePath.fingerprint, post: postPath.fingerprint }
  const evaluation =
    range === null ? null : newestFinding(evaluations, checkpoints, sweptRangeModel(range, sweep))
  return {
    ...sweep,
    source: withoutSourceFolder(sweep.source),
    origin: origin({ basePath, postPath }),
    runMarks: runMarks('sweep', sweep.id),
    promptCount: prompts.length,
    verdict:
      selection === null
        ? null
        : withoutModels(verdictOf({ ...sweep, selection, check: answerCheck, evaluation })),
    base: base === null ? null : summary(base),
    post: summary(post),
    ranges: ranges.map((range) => ({ start: range.start, end: range.end, ...summary(range) })),
    recipes: sweep.recipes.map((score) => {
      const recipe = keptRecipe(score.recipe, kept)
      return {
        recipe: withoutFolders(recipe?.recipe ?? score.recipe),
        mark: recipe?.mark ?? null,
        halfOf: score.alone === undefined ? null : selectedFirst,
        ...summary(score)
      }
    }),
    preview: sweep.preview === null ? null : briefPreview(sweep.preview),
    baselines: sweep.baselines.map((score) => ({ baseline: score.baseline, ...summary(score) })),
    uniformBlends: sweep.uniformBlends.map((score) => ({ strength: score.strength, ...summary(score) })),
    checkpoints: sweep.checkpoints.map((score) => {
      const checkpoint = keptCheckpoint(score, kept)
      const { fingerprint } = score
      return {
        name: checkpoint?.name ?? score.name,
        fingerprint,
        mark: checkpoint?.mark ?? null,
        ...summary(score)
      }
    }),
    selection,
    search: search === null ? null : reportedSearch(search, origin(search), runMarks('search', search.id)),
    check: answerCheck === null ? null : reportedAnswerCheck(answerCheck)
  }
}

function reportedAnswerCheck({
  basePath: _base,
  postPath: _post,
  ...check
}: AnswerCheck): ReportedSweep['check'] {
  return {
    ...check,
    source: withoutSourceFolder(check.source),
    models: check.models.map((model) => ({ ...model, recipe: withoutFolders(model.recipe) }))
  }
}

function reportedSearch(
  { basePath: _base, postPath: _post, ...search }: SearchDocument,
  origin: ReportedOrigin,
  runMarks: RunMarks
): ReportedSearch {
  const found = search.found.map((score) => ({ recipe: withoutFolders(score.recipe), ...summary(score) }))
  // What is shared should not tell how its author's folders are called.
  const { heldOut, heldOutReason, generations, source } = search
  return {
    ...search,
    source: withoutSourceFolder(source),
    origin,
    runMarks,
    found,
    generations: generations.map((each) => ({
      ...each,
      best: { ...each.best, recipe: withoutFolders(each.best.recipe) }
    })),
    ...(heldOut === null
      ? { heldOut, heldOutReason }
      : { heldOut: { ...heldOut, recipes: heldOut.recipes.map(withoutFolders) }, heldOutReason })
  }
}

async function reportedSamples(
  run: SampleRun,
  samples: readonly SampleLine[],
  origin: ReportedOrigin,
  kept: KeptModels
): Promise<Omit<ReportedSamples, 'runMarks'>> {
  const { id, createdAt, programVersion, rendering, settings, variants, weights, precision } = run
  const { notices, prompts, marks, external } = run
  const { variants: measures, compared } = await measureRun(run, samples)
  return {
    id,
    createdAt,
    programVersion,
    rendering,
    settings,
    variants: variants.map((variant) => withoutFolder(withKeptIdentity(variant, kept))),
    weights,
    precision,
    external,
    notices,
    origin,
    promptCount: prompts.length,
    answerCount: samples.length,
    measures: measures.map(({ measures, promptCounts }) => ({ ...measures, promptCounts })),
    compared,
    preferences: preferenceTallies(marks, variants),
    excerpts: excerpts(run, samples)
  }
}

function excerpts(run: SampleRun, samples: readonly SampleLine[]): ReportedExcerpt[] {
  const first = { variants: run.variants, prompts: run.prompts.slice(0, EXCERPT_PROMPTS) }
  const cells = sampleCells(
    first,
    samples.filter(({ prompt }) => prompt < EXCERPT_PROMPTS)
  )
  return first.prompts.map(({ text, category }, index) => ({
    prompt: shortened(text),
    category,
    cells: cells
      .filter(({ prompt }) => prompt === index)
      .map((cell) => {
        const answers = countAnswers(cell.samples.map((sample) => sample.text))
        return {
          answerCount: cell.samples.length,
          distinctCount: answers.length,
          answers: answers
            .slice(0, EXCERPT_ANSWERS)
            .map((answer) => ({ text: shortened(answer.text), count: answer.count }))
        }
      })
  }))
}

function shortened(text: string): string {
  const characters = [...text]
  return characters.length <= EXCERPT_CHARACTERS
    ? text
    : `${characters.slice(0, EXCERPT_CHARACTERS).join('')}…`
}

function reportedCheck(
  { basePath: _base, postPath: _post, prompts, schemaVersion: _, ...check }: SampledCrc,
  origin: ReportedOrigin
): ReportedCheck {
  return { ...check, variants: check.variants.map(withoutFolder), origin, promptCount: prompts.length }
}

function reportedEvaluation(
  { run, results, judging, answered, complete }: EvaluationView,
  origin: ReportedOrigin,
  kept: KeptModels
): Omit<ReportedEvaluation, 'runMarks'> {
  const { prompts, ...task } = run.task
  const { comparedWith, variants: measured, besideRanges, categories, proxy, pairs } = results
  return {
    ...EvaluationFacts.parse(run),
    origin,
    variants: run.variants.map((entry) => ({
      ...entry,
      variant: withoutFolder(withKeptIdentity(entry.variant, kept))
    })),
    task: { ...task, promptCount: prompts.length },
    judging,
    answered,
    complete,
    results: { comparedWith, variants: measured, besideRanges, categories, proxy, pairs }
  }
}

function changeWarnings({ document, pair }: StoredExperiment): string[] {
  return checkpointChanges({ document, pair }).map(({ member, kind, files }) =>
    kind === 'changed'
      ? `The ${member} model is another checkpoint than the project was made with.`
      : `The files ${files.join(', ')} of ${member} were written again since the project was made; they look the same.`
  )
}

/** Results of other checkpoints than the pair's of now. */
function originWarnings({
  distances,
  sweep,
  samples,
  characterCheck,
  evaluations
}: Pick<Report, 'distances' | 'sweep' | 'samples' | 'characterCheck' | 'evaluations'>): string[] {
  const origins: [string, ReportedOrigin | undefined][] = [
    ['The distances of layers', distances?.origin],
    ['The sweep', sweep?.origin],
    ['The search', sweep?.search?.origin],
    ...samples.map((run): [string, ReportedOrigin] => [
      `The samples of ${formatUtc(run.createdAt)}`,
      run.origin
    ]),
    ['The character task on sampled answers', characterCheck?.origin],
    ...evaluations.map(({ task, origin }): [string, ReportedOrigin] => [
      `The evaluation “${task.name}”`,
      origin
    ])
  ]
  return origins.flatMap(([what, origin]) => {
    if (origin === undefined || origin.changed.length === 0) return []
    return [
      `${what}: computed from another ${origin.changed.join(' and ')} checkpoint than the pair has now.`
    ]
  })
}
