import { basename, extname } from 'node:path'
import type { Command } from 'commander'
import { Task } from '../../../contract/documents/task'
import { expecting, readTextFile } from '../../base/files/bounded-file'
import { BUILTIN_TASKS } from '../../evaluation/builtin-tasks'
import { readTaskFile } from '../../evaluation/task-file'
import type { ProjectPair } from '../../project/pair/project-pair'
import { taskOf } from '../../project/results/stored-evaluation'
import { usageError } from './options'

const MAX_TASK_BYTES = 256_000_000

const TASK_FILE =
  'A task is what this program exports, or a list of prompts such as [{"text": "Name a planet.", "answers": ["Mars"]}].'

/** What `--task` takes. */
export const TASK_CHOICES = `one of ${BUILTIN_TASKS.join(', ')}, a task of the project, or a file (a task, or prompts with answers)`

/** @throws WorkbenchError `not-found` naming the tasks that there are */
export async function givenTask(name: string, own: ProjectPair | null): Promise<Task> {
  if (extname(name) !== '')
    return expecting(TASK_FILE, async () =>
      readTaskFile(name, await readTextFile(name, MAX_TASK_BYTES), undefined)
    )
  return taskOf(own, name, ', or a file that ends in .json, .jsonl, .csv or .txt')
}

/** What a task is called that is written to a file. @throws UsageError when its name is no id of a task */
export function taskIdOf(path: string, command: Command): string {
  const ending = extname(path)
  // With another ending it could not be given to --task, which reads lines of prompts from a .txt.
  if (ending !== '.json')
    throw usageError(command, `--out ${path} has to end in .json: a task is a JSON file`)
  const id = Task.shape.id.safeParse(basename(path, ending))
  if (id.success) return id.data
  throw usageError(
    command,
    `--out ${path} names the task: lower-case letters, digits and -, such as coverage.json`
  )
}
