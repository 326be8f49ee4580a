import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ANSWER_CHECK_VERSION, AnswerCheck } from '../../../contract/documents/answer-check'
import { CHECKSUMS_VERSION, ChecksumsDocument } from '../../../contract/documents/checksums'
import { SWEEP_VERSION, SweepDocument } from '../../../contract/documents/crc'
import { DISTANCES_VERSION, DistancesDocument } from '../../../contract/documents/distances'
import { EVALUATION_VERSION, EvaluationRun } from '../../../contract/documents/evaluation'
import { Task, TASK_VERSION } from '../../../contract/documents/task'
import type { CheckpointIdentity } from '../../../contract/documents/pair'
import { RUN_MARKS_VERSION, RunMarksDocument } from '../../../contract/documents/history'
import {
  ON_CPU,
  SAMPLE_RUN_VERSION,
  SampledCrc,
  SAMPLED_CRC_VERSION,
  SampleRun
} from '../../../contract/documents/samples'
import { QUEUE_VERSION, QueueDocument } from '../../../contract/documents/queue'
import { STUDY_VERSION, StudyDocument } from '../../../contract/documents/study'
import { SEARCH_VERSION, SearchDocument } from '../../../contract/documents/search'
import type { DocumentFormat } from '../../base/files/migrate'
import { documentFile, documentFolder } from './document-store'
import { renameFields } from './renamed-fields'
import { namedComparisons } from './sample-run-migration'

/*
 * The kinds of documents that a project stores beside project.json and its prompts, a row each: where they lie, what their
 * ids are, and how large they may grow.
 */

/** Also what `slr sweep --out` writes. */
export const SWEEP_FORMAT: DocumentFormat<SweepDocument> = {
  kind: 'sweep',
  name: 'sweep',
  schema: SweepDocument,
  version: SWEEP_VERSION,
  migrations: { 1: (sweep) => ({ ...sweep, scoredBy: { kind: 'crc' } }), 2: renameFields },
  // 8,001 ranges (126 layers) over 40 prompts take some 170 MB; more would strain the memory when read back.
  maxBytes: 256_000_000
}

/** Also what `slr search --out` writes. */
export const SEARCH_FORMAT: DocumentFormat<SearchDocument> = {
  kind: 'search',
  name: 'search',
  schema: SearchDocument,
  version: SEARCH_VERSION,
  migrations: { 1: grownSearch, 2: (search) => ({ ...search, id: search['sweepId'] }), 3: renameFields },
  maxBytes: 100_000_000
}

export const SEARCHES = documentFolder<SearchDocument>({
  ...SEARCH_FORMAT,
  folder: 'searches',
  id: ({ id }) => id,
  tooLarge: 'Search with fewer prompts (of the sweep), generations (--generations) or recipes (--beam).'
})

const Grown = z.looseObject({ settings: z.looseObject({ beam: z.number() }) })

/** Before there were other methods, every search grew recipes, and a beam of 1 was greedy. */
function grownSearch(search: Record<string, unknown>): Record<string, unknown> {
  const parsed = Grown.safeParse(search)
  // The schema says what is wrong with it.
  if (!parsed.success) return search
  const { beam, ...grown } = parsed.data.settings
  const settings = beam === 1 ? { method: 'greedy', ...grown } : { method: 'beam', beam, ...grown }
  return { ...search, settings, shapley: null }
}

const OneWayJudge = z.looseObject({ pairs: z.boolean() })

/** Before a judge read what answers mean, it said of itself whether it compared pairs; and answers were generated on the CPU alone, in fp32. */
function judgedOneWayOnCpu(run: Record<string, unknown>): Record<string, unknown> {
  const wayOf = (judge: unknown): unknown => {
    const parsed = OneWayJudge.safeParse(judge)
    // None, or what the schema says is wrong.
    if (!parsed.success) return judge
    const { pairs, ...settings } = parsed.data
    return { ...settings, way: pairs ? 'pairs' : 'marks' }
  }
  return {
    ...run,
    ...{ judge: wayOf(run['judge']), pairJudge: wayOf(run['pairJudge']) },
    ...{ computing: ON_CPU, precision: run['weights'] === null ? null : 'fp32' }
  }
}

/** Also of a check that a command wrote. */
export const CHECK_FORMAT: DocumentFormat<AnswerCheck> = {
  kind: 'check',
  name: 'check',
  schema: AnswerCheck,
  version: ANSWER_CHECK_VERSION,
  migrations: { 1: (check) => ({ ...check, baselines: [] }), 2: renameFields },
  maxBytes: 10_000_000
}

/** The latest check of each sweep on whole answers, by the sweep's id. */
export const ANSWER_CHECKS = documentFolder<AnswerCheck>({
  ...CHECK_FORMAT,
  folder: 'checks',
  id: ({ sweepId }) => sweepId,
  tooLarge: 'Check fewer recipes.'
})

/** Their answers stand beside them, in `.jsonl`. */
export const SAMPLE_RUNS = documentFolder<SampleRun>({
  kind: 'sample-run',
  name: 'sample run',
  folder: 'samples',
  id: ({ id }) => id,
  schema: SampleRun,
  version: SAMPLE_RUN_VERSION,
  migrations: { 1: namedComparisons, 2: renameFields },
  // 10,000 prompts of a few hundred tokens with their text come to some 30 MB.
  maxBytes: 256_000_000,
  tooLarge: 'Sample fewer or shorter prompts.'
})

/** The latest scores of the CRC prompts from whole answers. */
export const SAMPLED_CRC = documentFile<SampledCrc>({
  kind: 'sampled-characters',
  name: 'character check',
  file: 'sampled-crc.json',
  schema: SampledCrc,
  version: SAMPLED_CRC_VERSION,
  migrations: { 1: renameFields },
  maxBytes: 100_000_000,
  tooLarge: 'Check with fewer prompts.'
})

/** Their answers, scores and verdicts stand beside them, in `.jsonl`, `.scores.jsonl`, `.judge.jsonl`, `.pairs.jsonl` and `.forms.jsonl`. */
export const EVALUATIONS = documentFolder<EvaluationRun>({
  kind: 'evaluation-run',
  name: 'evaluation',
  folder: 'evaluations',
  id: ({ id }) => id,
  schema: EvaluationRun,
  version: EVALUATION_VERSION,
  migrations: { 1: judgedOneWayOnCpu, 2: renameFields },
  maxBytes: 256_000_000,
  tooLarge: 'Evaluate fewer or shorter prompts.'
})

export const TASKS = documentFolder<Task>({
  kind: 'task',
  name: 'task',
  folder: 'tasks',
  id: ({ id }) => id,
  schema: Task,
  version: TASK_VERSION,
  migrations: {},
  maxBytes: 256_000_000,
  tooLarge: 'Keep a task of fewer or shorter prompts.'
})

/** What the user has said of a pair's runs. */
export const RUN_MARKS = documentFile<RunMarksDocument>({
  kind: 'history',
  name: 'history',
  file: 'history.json',
  schema: RunMarksDocument,
  version: RUN_MARKS_VERSION,
  migrations: {},
  maxBytes: 50_000_000,
  tooLarge: 'Shorten the notes of some runs.'
})

/** The jobs that wait in line over all pairs. */
export const QUEUE = documentFile<QueueDocument>({
  kind: 'queue',
  name: 'queue',
  file: 'queue.json',
  schema: QueueDocument,
  version: QUEUE_VERSION,
  migrations: {},
  maxBytes: 10_000_000,
  tooLarge: 'Let some jobs end first.'
})

/** In the project's folder; what follows the project looks at it on its own. */
export const STUDY_FILE = 'study.json'

/** How far the newest study is that was run into the project. */
export const STUDIES = documentFile<StudyDocument>({
  kind: 'study',
  name: 'study',
  file: STUDY_FILE,
  schema: StudyDocument,
  version: STUDY_VERSION,
  migrations: {},
  maxBytes: 10_000_000,
  tooLarge: 'Split the study into several files.'
})

/*
 * What was found out by reading whole checkpoints is kept by the checkpoints' keys, so that it is found again for as long as
 * they are the same, wherever they lie. All of it can be computed again.
 */

export const DISTANCES_FORMAT: DocumentFormat<DistancesDocument> = {
  kind: 'distances',
  name: 'list of layer distances',
  schema: DistancesDocument,
  version: DISTANCES_VERSION,
  migrations: {},
  // 126 layers of 18 components take 1 MB.
  maxBytes: 20_000_000
}

export const DISTANCES = documentFolder<DistancesDocument>({
  ...DISTANCES_FORMAT,
  folder: 'distances',
  id: (document) => readingId(distanceKeys(document)),
  tooLarge: 'Distances of so many layers are not kept.'
})

export const CHECKSUMS = documentFolder<ChecksumsDocument>({
  kind: 'checksums',
  name: 'list of checksums',
  folder: 'checksums',
  id: (document) => readingId(checksumKeys(document)),
  schema: ChecksumsDocument,
  version: CHECKSUMS_VERSION,
  migrations: {},
  maxBytes: 20_000_000,
  tooLarge: 'Checksums of so many files are not kept.'
})

export function distanceKeys({
  basePath,
  postPath
}: Pick<DistancesDocument, 'basePath' | 'postPath'>): string[] {
  return [basePath.fingerprint, postPath.fingerprint]
}

/** A fingerprint samples the weights, a checksum covers them all: files that were written since need a new one. */
export function checksumKeys({ fingerprint, files }: CheckpointIdentity): string[] {
  const states = files.map(({ name, bytes, modifiedMs }) => [name, bytes, modifiedMs])
  return [fingerprint, createHash('sha256').update(JSON.stringify(states)).digest('hex')]
}

/** The beginnings of hexadecimal keys; whether all of them agree, the document tells. */
export function readingId(keys: readonly string[]): string {
  return keys.map((key) => key.slice(0, 16)).join('-')
}
