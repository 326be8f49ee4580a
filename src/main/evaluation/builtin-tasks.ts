import { Task } from '../../contract/documents/task'
import { fileError, requireValid } from '../../contract/model/problem'
import { readJsonFile } from '../base/files/bounded-file'
import { resourcePath } from '../base/resources'

const MAX_TASK_BYTES = 10_000_000

/** Ids of the built-in tasks. The window proposes the first that suits the pair. */
export const BUILTIN_TASKS = [
  'demo-names',
  'demo-stories',
  'demo-open',
  'demo-facts',
  'demo-creative',
  'open',
  'creative',
  'reasoning',
  'random-choice',
  'refusals'
] as const
type BuiltinTaskId = (typeof BUILTIN_TASKS)[number]

export async function builtinTask(id: BuiltinTaskId): Promise<Task> {
  const file = resourcePath('tasks', `${id}.json`)
  const parsed = Task.safeParse(await readJsonFile(file, MAX_TASK_BYTES))
  return requireValid(parsed, (issue) => fileError(`${file} is not a task: ${issue}`))
}

export async function builtinTasks(): Promise<Task[]> {
  return Promise.all(BUILTIN_TASKS.map(builtinTask))
}
