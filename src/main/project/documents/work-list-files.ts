import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { Computing, ON_CPU } from '../../../contract/documents/samples'
import { describeIssue } from '../../../contract/model/problem'
import { UNKNOWN_PROGRESS } from '../../../contract/work/progress'
import {
  MAX_QUEUED,
  QueuedJob,
  StudyStepState,
  WORK_LIST_VERSION,
  WorkListDocument
} from '../../../contract/work/work-list'
import { flushFolder, writeProblem } from '../../base/files/atomic-file'
import { errorMessage, readJsonFile } from '../../base/files/bounded-file'
import { ensurePlainFolder, hasPlainFile } from '../../base/files/plain-paths'
import { BACKUP } from './migrate-project'
import { WORK_LIST } from './stored-documents'

/*
 * The work list of a project: its queue and its newest study. Earlier versions stored queue.json and study.json. A
 * migration writes the list first, and then moves the old files into the backup.
 */

const MAX_OLD_BYTES = 10_000_000

const leftOut = (reason: string): string => `The list of work was left out. ${reason}`

const NO_WORK: WorkListDocument = { schemaVersion: WORK_LIST_VERSION, study: null, entries: [] }

const OldJob = QueuedJob.pick({ id: true, pair: true, evaluationId: true, problem: true }).extend({
  work: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('sweep'), preview: z.boolean().default(false) }),
    z.object({
      kind: z.literal('evaluation'),
      task: z.object({ id: z.string(), name: z.string() }),
      computing: Computing.default(ON_CPU)
    })
  ])
})

const OldStep = StudyStepState.pick({
  pair: true,
  state: true,
  progress: true,
  seconds: true,
  problem: true
}).extend({
  key: z.string(),
  kind: z.enum(['sweep', 'check', 'evaluate', 'report']),
  task: z.string().nullable()
})

const migrateJob = ({ work, problem, ...job }: z.infer<typeof OldJob>): QueuedJob => ({
  ...job,
  origin: 'window',
  problem,
  progress: UNKNOWN_PROGRESS,
  seconds: null,
  ...(work.kind === 'sweep'
    ? { work: { kind: 'sweep', settings: { preview: work.preview } }, taskName: null }
    : {
        work: { kind: 'evaluate', settings: { task: work.task.id, ...work.computing } },
        taskName: work.task.name
      }),
  state: stateAfter(problem)
})

function stateAfter(problem: z.infer<typeof OldJob>['problem']): QueuedJob['state'] {
  if (problem === null) return 'waiting'
  return problem.code === 'cancelled' ? 'stopped' : 'failed'
}

const migrateStep = ({ key, kind, task, ...step }: z.infer<typeof OldStep>): StudyStepState => ({
  ...step,
  origin: 'study',
  id: key,
  work: { kind, settings: {} },
  taskName: task
})

/** Schemas of the files of earlier versions. Each transforms its file into parts of a work list. */
const OLD_FILES = {
  'queue.json': z
    .object({ schemaVersion: z.literal(1), jobs: z.array(OldJob).max(MAX_QUEUED) })
    .transform(({ jobs }) => ({ study: null, entries: jobs.map(migrateJob) })),
  'study.json': WorkListDocument.shape.study
    .unwrap()
    .extend({ schemaVersion: z.literal(1), steps: z.array(OldStep) })
    .transform(({ schemaVersion: _, steps, ...study }) => ({ study, entries: steps.map(migrateStep) }))
}

/** Adds the contents of an old file to the list. Of two studies, the newer one stays. */
function mergeOldFile(
  list: WorkListDocument,
  { study, entries }: Omit<WorkListDocument, 'schemaVersion'>
): WorkListDocument {
  if (study === null) {
    const added = entries.filter(({ id }) => !list.entries.some((entry) => entry.id === id))
    return { ...list, entries: [...list.entries, ...added] }
  }
  if (list.study !== null && list.study.startedAt >= study.startedAt) return list
  return {
    ...list,
    study,
    entries: [...list.entries.filter(({ origin }) => origin === 'window'), ...entries]
  }
}

/** Reads the work of a project. An unreadable file is left out with a warning, because it holds no results. */
export async function readWorkList(
  folder: string
): Promise<{ list: WorkListDocument; oldFiles: string[]; warnings: string[] }> {
  const warnings: string[] = []
  const attempt = async <T>(read: () => Promise<T>, without: T): Promise<T> => {
    try {
      return await read()
    } catch (error) {
      warnings.push(leftOut(errorMessage(error)))
      return without
    }
  }
  let list = await attempt(async () => (await WORK_LIST.read(folder)) ?? NO_WORK, NO_WORK)
  const oldFiles: string[] = []
  for (const [name, schema] of Object.entries(OLD_FILES)) {
    const file = join(folder, name)
    if (!(await attempt(() => hasPlainFile(file), false))) continue
    oldFiles.push(name)
    const parsed = await attempt(async () => schema.safeParse(await readJsonFile(file, MAX_OLD_BYTES)), null)
    if (parsed?.success === true) list = mergeOldFile(list, parsed.data)
    else if (parsed !== null) warnings.push(leftOut(`${file} cannot be read: ${describeIssue(parsed.error)}`))
  }
  return { list, oldFiles, warnings }
}

/**
 * Reads the work of a project. If earlier versions left files, writes the work list and moves those files into the
 * backup. The caller holds the project's lock.
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
