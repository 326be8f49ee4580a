import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ANSWER_CHECK_VERSION, AnswerCheck } from '../../../contract/documents/answer-check'
import { CHECKSUMS_VERSION, ChecksumsDocument } from '../../../contract/documents/checksums'
import { CONVERSATION_VERSION, ConversationDocument } from '../../../contract/documents/conversation'
import { SWEEP_VERSION, SweepDocument } from '../../../contract/documents/crc'
import { DISTANCES_VERSION, DistancesDocument } from '../../../contract/documents/distances'
import { EVALUATION_VERSION, EvaluationRun } from '../../../contract/documents/evaluation'
import { Task, TASK_VERSION } from '../../../contract/documents/task'
import type { CheckpointIdentity } from '../../../contract/documents/pair'
import { LINEAGE_VERSION, LineageDocument } from '../../../contract/documents/lineage'
import { RUN_ANNOTATIONS_VERSION, RunAnnotationsDocument } from '../../../contract/documents/history'
import {
  ON_CPU,
  SAMPLE_RUN_VERSION,
  SAMPLED_CRC_VERSION,
  SampledCrc,
  SampleRun
} from '../../../contract/documents/samples'
import { WORK_LIST_VERSION, WorkListDocument } from '../../../contract/work/work-list'
import { SEARCH_VERSION, SearchDocument } from '../../../contract/documents/search'
import type { PreferenceVote } from '../../../contract/documents/preferences'
import type { DocumentFormat } from '../../base/files/migrate'
import { DocumentFile, DocumentFolder } from './document-store'
import { renameFields } from './renamed-fields'

/* Lists the kinds of documents beside project.json: their folders, ids and maximum sizes. */

export const SWEEP_FORMAT: DocumentFormat<SweepDocument> = {
  kind: 'sweep',
  name: 'sweep',
  schema: SweepDocument,
  version: SWEEP_VERSION,
  // Version 3 stored chances in previews, which the schema leaves out.
  migrations: { 2: renameFields, 3: (sweep) => sweep },
  // 8,001 ranges (126 layers) on 40 prompts take about 170 MB. Reading more back would need too much memory.
  maxBytes: 256_000_000
}

export const SEARCH_FORMAT: DocumentFormat<SearchDocument> = {
  kind: 'search',
  name: 'search',
  schema: SearchDocument,
  version: SEARCH_VERSION,
  migrations: { 1: grownSearch, 2: (search) => ({ ...search, id: search['sweepId'] }), 3: renameFields },
  maxBytes: 100_000_000
}

export const SEARCHES = new DocumentFolder<SearchDocument>({
  ...SEARCH_FORMAT,
  folder: 'searches',
  id: ({ id }) => id,
  tooLarge: 'Search with fewer prompts (of the sweep), generations (--generations) or recipes (--beam).'
})

const Grown = z.looseObject({ settings: z.looseObject({ beam: z.number() }) })

/** Migrates a search of version 1, which had the methods greedy and beam only. A beam of 1 was greedy. */
function grownSearch(search: Record<string, unknown>): Record<string, unknown> {
  const parsed = Grown.safeParse(search)
  // The schema reports errors of the document.
  if (!parsed.success) return search
  const { beam, ...grown } = parsed.data.settings
  const settings = beam === 1 ? { method: 'greedy', ...grown } : { method: 'beam', beam, ...grown }
  return { ...search, settings, shapley: null }
}

const Judged = z.looseObject({ judge: z.looseObject({ baseUrl: z.string() }) })

/** Migrates an evaluation of version 1. Its judge only scored, scores had no address, and the CPU computed in fp32. */
function scoredOnCpu(run: Record<string, unknown>): Record<string, unknown> {
  const { success, data } = Judged.safeParse(run)
  return {
    ...run,
    // The schema reports an invalid judge.
    ...(success && { judge: { ...data.judge, way: 'marks' }, addressOfOldScores: data.judge.baseUrl }),
    computing: ON_CPU,
    // Without weights, only external models have answered.
    precision: run['weights'] === null ? null : 'fp32'
  }
}

export const CHECK_FORMAT: DocumentFormat<AnswerCheck> = {
  kind: 'check',
  name: 'check',
  schema: AnswerCheck,
  version: ANSWER_CHECK_VERSION,
  migrations: { 1: (check) => ({ ...check, baselines: [] }), 2: renameFields },
  maxBytes: 10_000_000
}

/** The latest full-answer check of each sweep, by the sweep's id. */
export const ANSWER_CHECKS = new DocumentFolder<AnswerCheck>({
  ...CHECK_FORMAT,
  folder: 'checks',
  id: ({ sweepId }) => sweepId,
  tooLarge: 'Check fewer recipes.'
})

/** Sample runs. Their answers are beside them, in `.jsonl`. */
export const SAMPLE_RUNS = new DocumentFolder<SampleRun>({
  kind: 'sample-run',
  name: 'sample run',
  folder: 'samples',
  id: ({ id }) => id,
  schema: SampleRun,
  version: SAMPLE_RUN_VERSION,
  migrations: { 1: namedComparisons, 2: renameFields },
  // 10,000 prompts of a few hundred tokens, with their texts, take about 30 MB.
  maxBytes: 256_000_000,
  tooLarge: 'Sample fewer or shorter prompts.'
})

/** The latest scores of the character task from sampled answers. */
export const SAMPLED_CRC = new DocumentFile<SampledCrc>({
  kind: 'sampled-characters',
  name: 'character check',
  file: 'sampled-crc.json',
  schema: SampledCrc,
  version: SAMPLED_CRC_VERSION,
  migrations: { 1: renameFields },
  maxBytes: 100_000_000,
  tooLarge: 'Check with fewer prompts.'
})

/** The newest lineage of a pair. */
export const LINEAGE = new DocumentFile<LineageDocument>({
  kind: 'lineage',
  name: 'lineage',
  file: 'lineage.json',
  schema: LineageDocument,
  version: LINEAGE_VERSION,
  migrations: {},
  // 50 stages of 126 layers take some 60 MB.
  maxBytes: 100_000_000,
  tooLarge: 'Compare fewer stages.'
})

/** The conversation with models of a pair. */
export const CONVERSATION = new DocumentFile<ConversationDocument>({
  kind: 'conversation',
  name: 'conversation',
  file: 'conversation.json',
  schema: ConversationDocument,
  version: CONVERSATION_VERSION,
  migrations: {},
  maxBytes: 50_000_000,
  tooLarge: 'Clear the conversation.'
})

/** Evaluations. `evaluation-files.ts` lists the files beside them. */
export const EVALUATIONS = new DocumentFolder<EvaluationRun>({
  kind: 'evaluation-run',
  name: 'evaluation',
  folder: 'evaluations',
  id: ({ id }) => id,
  schema: EvaluationRun,
  version: EVALUATION_VERSION,
  migrations: { 1: scoredOnCpu, 2: renameFields },
  maxBytes: 256_000_000,
  tooLarge: 'Evaluate fewer or shorter prompts.'
})

export const TASKS = new DocumentFolder<Task>({
  kind: 'task',
  name: 'task',
  folder: 'tasks',
  id: ({ id }) => id,
  schema: Task,
  version: TASK_VERSION,
  migrations: {},
  maxBytes: 256_000_000,
  tooLarge: 'Store a task of fewer or shorter prompts.'
})

/** Names, notes and pins of a pair's runs. */
export const RUN_ANNOTATIONS = new DocumentFile<RunAnnotationsDocument>({
  kind: 'history',
  name: 'history',
  file: 'history.json',
  schema: RunAnnotationsDocument,
  version: RUN_ANNOTATIONS_VERSION,
  migrations: {},
  maxBytes: 50_000_000,
  tooLarge: 'Shorten the notes of some runs.'
})

/** File of the work list. Programs that follow a project watch it separately, because a study writes it often. */
export const WORK_LIST_FILE = 'work.json'

/** The queue and the newest study of a project. */
export const WORK_LIST = new DocumentFile<WorkListDocument>({
  kind: 'work-list',
  name: 'list of work',
  file: WORK_LIST_FILE,
  schema: WorkListDocument,
  version: WORK_LIST_VERSION,
  migrations: {},
  maxBytes: 20_000_000,
  tooLarge: 'Wait until some jobs end, or split the study into several files.'
})

/* Results of reading whole checkpoints, keyed by their contents. They can be computed again. */

export const DISTANCES_FORMAT: DocumentFormat<DistancesDocument> = {
  kind: 'distances',
  name: 'list of layer distances',
  schema: DistancesDocument,
  version: DISTANCES_VERSION,
  migrations: {},
  // 126 layers of 18 components take 1 MB.
  maxBytes: 20_000_000
}

export const DISTANCES = new DocumentFolder<DistancesDocument>({
  ...DISTANCES_FORMAT,
  folder: 'distances',
  id: (document) => readingId(distanceKeys(document)),
  tooLarge: 'Distances of so many layers are not stored.'
})

export const CHECKSUMS = new DocumentFolder<ChecksumsDocument>({
  kind: 'checksums',
  name: 'list of checksums',
  folder: 'checksums',
  id: (document) => readingId(checksumKeys(document)),
  schema: ChecksumsDocument,
  version: CHECKSUMS_VERSION,
  migrations: {},
  maxBytes: 20_000_000,
  tooLarge: 'Checksums of so many files are not stored.'
})

export function distanceKeys({ basePath, postPath }: Pick<DistancesDocument, 'basePath' | 'postPath'>): string[] {
  return [basePath.fingerprint, postPath.fingerprint]
}

/** Returns keys for the checksums of a checkpoint. Its fingerprint is not enough: it covers only some weights. */
export function checksumKeys({ fingerprint, files }: CheckpointIdentity): string[] {
  const states = files.map(({ name, bytes, modifiedMs }) => [name, bytes, modifiedMs])
  return [fingerprint, createHash('sha256').update(JSON.stringify(states)).digest('hex')]
}

/** Joins the first 16 digits of hexadecimal keys to the id of a document, which itself contains the complete keys. */
export function readingId(keys: readonly string[]): string {
  return keys.map((key) => key.slice(0, 16)).join('-')
}

const Version1 = z.looseObject({
  variants: z.array(z.looseObject({ name: z.string() })),
  marks: z.array(z.object({ prompt: z.number(), index: z.number(), variant: z.string() }))
})

/** Migrates a sample run of version 1. A vote preferred one answer among one of each variant; there were no ties. */
function namedComparisons(run: Record<string, unknown>): Record<string, unknown> {
  const { success, data } = Version1.safeParse(run)
  // The schema reports errors of the document.
  if (!success) return run
  const among = data.variants.map(({ name }) => name)
  const marks = data.marks.map((mark): PreferenceVote => ({ ...mark, size: 1, among, verdict: 'preferred' }))
  return { ...run, marks }
}
