import { basename, extname } from 'node:path'
import type { Command } from 'commander'
import { Task } from '../../../contract/documents/task'
import { BUILTIN_TASKS } from '../../evaluation/builtin-tasks'
import { optionGroup } from './option-group'
import { number, text } from './option-kinds'
import { usageError, wholeNumber } from './options'

export const TASK_CHOICES = `${BUILTIN_TASKS.join(', ')}, the project's, or a file`

/** Options for scoring by listed answers instead of characters. */
export const taskOptions = optionGroup().options({
  task: text('<task>', `${TASK_CHOICES}; crc for the character task`, { conflicts: ['prompts'] }),
  regain: text('<task>', 'task to get better at; together with --keep', { conflicts: ['prompts', 'task'] }),
  keep: text('<task>', 'task whose right answers are kept, instead of the validity'),
  draws: number('<n>', 'count different right answers in n draws', wholeNumber(1, 1_000_000))
})

/** Returns the id of a task from the file that it is written to. @throws UsageError if the name is no task id */
export function taskIdOf(path: string, command: Command): string {
  const ending = extname(path)
  // `--task` reads other endings as lines of prompts.
  if (ending !== '.json') throw usageError(command, `--out ${path} has to end in .json: a task is a JSON file`)
  const id = Task.shape.id.safeParse(basename(path, ending))
  if (id.success) return id.data
  throw usageError(command, `--out ${path} names the task: lower-case letters, digits and -, such as coverage.json`)
}
