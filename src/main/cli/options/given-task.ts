import { basename, extname } from 'node:path'
import type { Command } from 'commander'
import { Task } from '../../../contract/documents/task'
import { BUILTIN_TASKS } from '../../evaluation/builtin-tasks'
import { usageError } from './options'

/** What `--task` takes. */
export const TASK_CHOICES = `${BUILTIN_TASKS.join(', ')}, one of the project, or a file`

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
