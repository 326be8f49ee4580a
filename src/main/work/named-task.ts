import { extname } from 'node:path'
import { MAX_TASK_CHARACTERS, type Task } from '../../contract/documents/task'
import { mapGet } from '../../contract/model/look-up'
import { withHint, readTextFile } from '../base/files/bounded-file'
import { absolutePath } from '../base/files/paths'
import { importTask } from '../evaluation/import-file'
import { PUBLISHED_FORMATS, type PublishedFormat, publishedTask } from '../evaluation/published-formats'
import type { ProjectPair } from '../project/pair/project-pair'
import { taskOf } from '../project/results/stored-evaluation'

const MAX_TASK_BYTES = 256_000_000

const TASK_FILE =
  'A task is what this program exports, or a list of prompts such as [{"text": "Name a planet.", "answers": ["Mars"]}].'

/**
 * Reads a task from a file, or finds it by its name among built-in tasks and those of the project.
 *
 * @param name a path if it has an ending, such as `.json`
 * @param folder folder that relative paths start from
 */
export async function namedTask(name: string, pair: ProjectPair | null, folder?: string): Promise<Task> {
  if (extname(name) === '') return taskOf(pair, name, ', or a file that ends in .json, .jsonl, .csv or .txt')
  const file = folder === undefined ? name : absolutePath(name, folder)
  return withHint(TASK_FILE, async () => importTask(file, await readTextFile(file, MAX_TASK_BYTES)))
}

const FORMATS = new Map<string, PublishedFormat>(PUBLISHED_FORMATS.map((format) => [format.id, format]))

/** Reads files of a published prompt set as a task. @param format id of the format */
export async function publishedTaskOf(id: string, format: string, files: readonly string[]): Promise<Task> {
  const read = await Promise.all(
    files.map(async (name) => ({ name, content: await readTextFile(name, 4 * MAX_TASK_CHARACTERS) }))
  )
  return publishedTask(id, mapGet(FORMATS, format, 'format'), read)
}
