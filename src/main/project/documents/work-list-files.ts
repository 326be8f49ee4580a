import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { PairId } from '../../../contract/documents/project'
import { Computing, ON_CPU } from '../../../contract/documents/samples'
import { describeIssue, Problem, WorkbenchError } from '../../../contract/model/problem'
import { ProgressShare, UNKNOWN_PROGRESS } from '../../../contract/work/progress'
import {
  MAX_QUEUED,
  type QueuedJob,
  type StudyStepState,
  WORK_LIST_VERSION,
  type WorkListDocument,
  WorkOutcome
} from '../../../contract/work/work-list'
import { flushFolder, writeProblem } from '../../base/files/atomic-file'
import { errorMessage, readJsonFile } from '../../base/files/bounded-file'
import { ensurePlainFolder, hasPlainFile } from '../../base/files/plain-paths'
import { BACKUP } from './migrate-project'
import { WORK_LIST } from './stored-documents'

/*
 * Earlier programs stored the queue in queue.json, and the newest study in study.json. Both become one list. The list
 * is written before the old files move into the backup. An entry that is in both is taken from the list, so that a
 * migration which was killed between its steps can run again.
 */

const NO_WORK: WorkListDocument = { schemaVersion: WORK_LIST_VERSION, study: null, entries: [] }

const OldQueue = z.object({
  schemaVersion: z.literal(1),
  jobs: z
    .array(
      z.object({
        id: z.uuid(),
        pair: PairId,
        work: z.discriminatedUnion('kind', [
          z.object({ kind: z.literal('sweep'), preview: z.boolean().default(false) }),
          z.object({
            kind: z.literal('evaluation'),
            task: z.object({ id: z.string(), name: z.string() }),
            computing: Computing.default(ON_CPU)
          })
        ]),
        evaluationId: z.string().nullable(),
        problem: Problem.nullable()
      })
    )
    .max(MAX_QUEUED)
})

const OldStudy = z.object({
  schemaVersion: z.literal(1),
  name: z.string(),
  file: z.string(),
  startedAt: z.iso.datetime(),
  lock: z.string(),
  ended: z.enum(['done', 'stopped']).nullable(),
  steps: z.array(
    z.object({
      key: z.string(),
      pair: z.string().nullable(),
      kind: z.enum(['sweep', 'check', 'evaluate', 'report']),
      task: z.string().nullable(),
      state: z.enum(['waiting', 'running', ...WorkOutcome.options]),
      progress: ProgressShare,
      seconds: z.number().nullable(),
      problem: Problem.nullable()
    })
  )
})

function migratedJob({ work, problem, ...job }: z.infer<typeof OldQueue>['jobs'][number]): QueuedJob {
  return {
    ...job,
    origin: 'window',
    work:
      work.kind === 'sweep'
        ? { kind: 'sweep', settings: { preview: work.preview } }
        : { kind: 'evaluate', settings: { task: work.task.id, ...work.computing } },
    taskName: work.kind === 'sweep' ? null : work.task.name,
    state: problem === null ? 'waiting' : problem.code === 'cancelled' ? 'stopped' : 'failed',
    ...{ progress: UNKNOWN_PROGRESS, seconds: null, problem }
  }
}

const migratedStep = ({
  key,
  kind,
  task,
  ...step
}: z.infer<typeof OldStudy>['steps'][number]): StudyStepState => ({
  ...step,
  origin: 'study',
  id: key,
  work: { kind, settings: {} },
  taskName: task
})

function withQueue(list: WorkListDocument, { jobs }: z.infer<typeof OldQueue>): WorkListDocument {
  const added = jobs.filter(({ id }) => !list.entries.some((entry) => entry.id === id))
  return { ...list, entries: [...list.entries, ...added.map(migratedJob)] }
}

function withStudy(list: WorkListDocument, old: z.infer<typeof OldStudy>): WorkListDocument {
  const { name, file, startedAt, lock, ended, steps } = old
  if (list.study !== null && list.study.startedAt >= startedAt) return list
  const jobs = list.entries.filter(({ origin }) => origin === 'window')
  return {
    ...list,
    study: { name, file, startedAt, lock, ended },
    entries: [...jobs, ...steps.map(migratedStep)]
  }
}

/** @throws WorkbenchError `bad-file` */
async function readOld<Old>(file: string, schema: z.ZodType<Old>): Promise<Old> {
  const parsed = schema.safeParse(await readJsonFile(file, 10_000_000))
  if (parsed.success) return parsed.data
  throw new WorkbenchError('bad-file', `${file} cannot be read: ${describeIssue(parsed.error)}`)
}

/** The files of earlier programs, each with the change of the list that adds its entries. */
const OLD_FILES = [
  {
    name: 'queue.json',
    add: async (list: WorkListDocument, file: string) => withQueue(list, await readOld(file, OldQueue))
  },
  {
    name: 'study.json',
    add: async (list: WorkListDocument, file: string) => withStudy(list, await readOld(file, OldStudy))
  }
]

/**
 * Reads the work of a project. A file that cannot be read is left out with a warning, because it holds no results.
 *
 * @returns also the names of the files of earlier programs
 */
export async function readWorkList(
  folder: string
): Promise<{ list: WorkListDocument; oldFiles: string[]; warnings: string[] }> {
  const warnings: string[] = []
  const attempt = async <T>(read: () => Promise<T>, without: T): Promise<T> => {
    try {
      return await read()
    } catch (error) {
      warnings.push(`The list of work was left out. ${errorMessage(error)}`)
      return without
    }
  }
  let list = await attempt(async () => (await WORK_LIST.read(folder)) ?? NO_WORK, NO_WORK)
  const oldFiles: string[] = []
  for (const { name, add } of OLD_FILES) {
    const file = join(folder, name)
    if (!(await attempt(() => hasPlainFile(file), false))) continue
    oldFiles.push(name)
    const before = list
    list = await attempt(() => add(before, file), before)
  }
  return { list, oldFiles, warnings }
}

/**
 * Stores the work of earlier programs in one list and moves their files into the backup. The caller holds the lock.
 *
 * @param beforeStep is called before each change of the disk
 * @throws WorkbenchError `read-only`
 */
export async function migrateWorkList(
  folder: string,
  beforeStep: () => void = () => undefined
): Promise<Awaited<ReturnType<typeof readWorkList>>> {
  const read = await readWorkList(folder)
  if (read.oldFiles.length === 0) return read
  beforeStep()
  await WORK_LIST.write(folder, read.list)
  const backup = join(folder, BACKUP)
  try {
    await ensurePlainFolder(backup)
    for (const name of read.oldFiles) {
      beforeStep()
      await rename(join(folder, name), join(backup, name))
    }
    for (const changed of [backup, folder]) await flushFolder(changed)
  } catch (error) {
    throw writeProblem(backup, error)
  }
  return read
}
