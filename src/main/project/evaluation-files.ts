import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  EVALUATION_VERSION,
  EvaluationRun,
  type EvaluationSummary,
  PromptScores,
  Task,
  TASK_VERSION
} from '../../contract/evaluation'
import { JudgeVerdict } from '../../contract/judge'
import { describeIssue, WorkbenchError } from '../../contract/problem'
import type { SampleLine } from '../../contract/samples'
import { errorMessage } from '../base/files/bounded-file'
import { writeFileAtomic } from '../base/files/atomic-file'
import { formatJson } from '../base/files/json-format'
import { appendLines, countLines, readLines } from '../base/files/line-file'
import { type DocumentFormat, readDocument } from '../base/files/migrate'
import { newestFirst } from '../base/files/newest-first'
import { ensurePlainFolder, hasPlainFolder } from '../base/files/plain-paths'
import { readAnswerLines } from './sample-files'

const MAX_DOCUMENT_BYTES = 256_000_000

const RUN_FORMAT: DocumentFormat<EvaluationRun> = {
  name: 'evaluation',
  schema: EvaluationRun,
  version: EVALUATION_VERSION,
  migrations: {},
  maxBytes: MAX_DOCUMENT_BYTES
}

const TASK_FORMAT: DocumentFormat<Task> = {
  name: 'task',
  schema: Task,
  version: TASK_VERSION,
  migrations: {},
  maxBytes: MAX_DOCUMENT_BYTES
}

/** An evaluation with all that its files hold. */
export interface EvaluationFiles {
  run: EvaluationRun
  samples: SampleLine[]
  scores: PromptScores[]
  /** What judges have said, of whatever rubric and model. */
  verdicts: JudgeVerdict[]
}

/** @throws WorkbenchError `not-found`, `bad-file` or `newer-version` */
export async function readEvaluationRun(folder: string, id: string): Promise<EvaluationRun> {
  const file = fileOf(folder, id, '.json')
  await hasPlainFolder(evaluationsFolder(folder))
  const { document } = await readDocument(file, RUN_FORMAT)
  if (document.id === id) return document
  throw new WorkbenchError('bad-file', `${file} holds the evaluation ${document.id} instead of ${id}.`)
}

/** @throws WorkbenchError as {@link readEvaluationRun}, and `bad-file` naming the line that is wrong */
export async function readEvaluation(folder: string, id: string): Promise<EvaluationFiles> {
  const run = await readEvaluationRun(folder, id)
  const names = new Set(run.variants.map(({ variant }) => variant.name))
  const samples = await readAnswerLines(fileOf(folder, id, '.jsonl'), names, run.task.prompts.length)
  const scored = await readLines(fileOf(folder, id, '.scores.jsonl'), {
    name: "a prompt's scores",
    schema: PromptScores
  })
  // A run that was killed between writing and noting may have scored a prompt twice.
  const scores = new Map(scored.map(({ line }) => [line.prompt, line]))
  const judged = await readLines(fileOf(folder, id, '.judge.jsonl'), {
    name: "a judge's verdict",
    schema: JudgeVerdict
  })
  return { run, samples, scores: [...scores.values()], verdicts: judged.map(({ line }) => line) }
}

/** Writes an evaluation's own file; its answers and scores stay. @throws WorkbenchError `bad-input`, `read-only` */
export async function writeEvaluationRun(folder: string, run: EvaluationRun): Promise<void> {
  const parsed = EvaluationRun.safeParse(run)
  if (!parsed.success) {
    throw new WorkbenchError('bad-input', `The evaluation cannot be saved: ${describeIssue(parsed.error)}`)
  }
  await ensurePlainFolder(evaluationsFolder(folder))
  await writeFileAtomic(fileOf(folder, run.id, '.json'), formatJson(parsed.data))
}

/** @throws WorkbenchError `read-only`, `bad-input` */
export async function appendEvaluationSamples(
  folder: string,
  id: string,
  lines: readonly SampleLine[]
): Promise<void> {
  await appendLines(fileOf(folder, id, '.jsonl'), lines)
}

/** @throws WorkbenchError `read-only`, `bad-input` */
export async function appendPromptScores(folder: string, id: string, scores: PromptScores): Promise<void> {
  await appendLines(fileOf(folder, id, '.scores.jsonl'), [scores])
}

/** @throws WorkbenchError `read-only`, `bad-input` */
export async function appendVerdict(folder: string, id: string, verdict: JudgeVerdict): Promise<void> {
  await appendLines(fileOf(folder, id, '.judge.jsonl'), [verdict])
}

/** The project's evaluations, newest first. One that cannot be read is left out with a warning. */
export async function listEvaluations(
  folder: string
): Promise<{ evaluations: EvaluationSummary[]; warnings: string[] }> {
  const evaluations: EvaluationSummary[] = []
  const warnings: string[] = []
  for (const id of await idsIn(evaluationsFolder(folder), warnings)) {
    try {
      const run = await readEvaluationRun(folder, id)
      evaluations.push(summarizeEvaluation(run, await countLines(fileOf(folder, id, '.jsonl'))))
    } catch (error) {
      warnings.push(`An evaluation was left out. ${errorMessage(error)}`)
    }
  }
  return { evaluations: newestFirst(evaluations), warnings }
}

/** What the window lists of an evaluation with this many stored answers. */
export function summarizeEvaluation(run: EvaluationRun, answerCount: number): EvaluationSummary {
  const { task, variants } = run
  return {
    id: run.id,
    checkpoints: { base: run.basePath.fingerprint, post: run.postPath.fingerprint },
    createdAt: run.createdAt,
    taskId: task.id,
    taskName: task.name,
    kind: task.kind,
    variantNames: variants.map(({ variant }) => variant.name),
    answerCount,
    answerTotal: variants.length * task.prompts.length * task.settings.sampleCount
  }
}

/** The project's own tasks, by name. One that cannot be read is left out with a warning. */
export async function readTasks(folder: string): Promise<{ tasks: Task[]; warnings: string[] }> {
  const tasks: Task[] = []
  const warnings: string[] = []
  for (const id of await idsIn(tasksFolder(folder), warnings)) {
    try {
      tasks.push((await readDocument(join(tasksFolder(folder), `${id}.json`), TASK_FORMAT)).document)
    } catch (error) {
      warnings.push(`A task was left out. ${errorMessage(error)}`)
    }
  }
  return { tasks: tasks.sort((a, b) => a.name.localeCompare(b.name)), warnings }
}

/** Replaces an earlier task of the same id. @throws WorkbenchError `bad-input`, `read-only` */
export async function writeTask(folder: string, task: Task): Promise<void> {
  const parsed = Task.safeParse(task)
  if (!parsed.success) {
    throw new WorkbenchError('bad-input', `The task cannot be saved: ${describeIssue(parsed.error)}`)
  }
  await ensurePlainFolder(tasksFolder(folder))
  // Its id holds neither dots nor separators, so no id leads out of the folder.
  await writeFileAtomic(join(tasksFolder(folder), `${parsed.data.id}.json`), formatJson(parsed.data))
}

async function idsIn(folder: string, warnings: string[]): Promise<string[]> {
  try {
    if (!(await hasPlainFolder(folder))) return []
    const names = await readdir(folder)
    return names.filter((name) => /^[^.]+\.json$/.test(name)).map((name) => name.slice(0, -'.json'.length))
  } catch (error) {
    warnings.push(`The folder ${folder} cannot be listed. ${errorMessage(error)}`)
    return []
  }
}

function evaluationsFolder(folder: string): string {
  return join(folder, 'evaluations')
}

function tasksFolder(folder: string): string {
  return join(folder, 'tasks')
}

/** @throws WorkbenchError `not-found` for an id that no evaluation can have */
function fileOf(
  folder: string,
  id: string,
  suffix: '.json' | '.jsonl' | '.scores.jsonl' | '.judge.jsonl'
): string {
  // The schema's ids hold neither dots nor separators, so no id leads out of the folder.
  if (!EvaluationRun.shape.id.safeParse(id).success) {
    throw new WorkbenchError('not-found', `There is no evaluation ${JSON.stringify(id)}.`)
  }
  return join(evaluationsFolder(folder), `${id}${suffix}`)
}
