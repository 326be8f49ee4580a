import { extname } from 'node:path'
import type { Task } from '../../contract/documents/task'
import { WorkbenchError } from '../../contract/model/problem'
import { readTextFile } from '../base/files/bounded-file'
import { BUILTIN_TASKS } from '../evaluation/builtin-tasks'
import { readTaskFile } from '../evaluation/task-file'
import type { Project } from '../project/project'
import { allTasks } from '../project/stored-evaluation'

const MAX_TASK_BYTES = 256_000_000

/** What `--task` takes. */
export const TASK_CHOICES = `one of ${BUILTIN_TASKS.join(', ')}, a task of the project, or a file (a task, or prompts with answers)`

/** @throws WorkbenchError `not-found` naming the tasks that there are */
export async function givenTask(name: string, project: Project | null): Promise<Task> {
  if (extname(name) !== '') return readTaskFile(name, await readTextFile(name, MAX_TASK_BYTES), undefined)
  const tasks = await allTasks(project)
  const found = tasks.find(({ task }) => task.id === name)
  if (found !== undefined) return found.task
  throw new WorkbenchError(
    'not-found',
    `There is no task "${name}".`,
    `Tasks are ${tasks.map(({ task }) => task.id).join(', ')}, or a file that ends in .json, .jsonl, .csv or .txt.`
  )
}
