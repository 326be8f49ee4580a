import { Argument, type Command } from 'commander'
import { z } from 'zod'
import { MAX_TASK_CHARACTERS } from '../../contract/documents/task'
import { got } from '../../contract/model/look-up'
import { plural } from '../../contract/words/format'
import { readTextFile } from '../base/files/bounded-file'
import { absolutePath } from '../base/files/places'
import { PUBLISHED_FORMATS, type PublishedFormat, publishedTask } from '../evaluation/published-formats'
import { taskIdOf } from './given-task'
import { CommonOptions, readOptions, usageError, withCommonOptions } from './options'
import { printJson, remark } from './output'
import { checkOutputFile, writeOutputFile, writtenWords } from './output-file'

const TaskOptions = z.strictObject({ ...CommonOptions.shape, out: z.string().optional() })
type TaskOptions = z.infer<typeof TaskOptions>

const FORMATS = new Map<string, PublishedFormat>(PUBLISHED_FORMATS.map((format) => [format.id, format]))

/** `slr task import`: a task from files of a published form. */
export function addTaskImportCommand(parent: Command): void {
  const command = parent
    .command('import')
    .description('a task of prompts that others have published')
    .addArgument(
      new Argument('<format>', 'the form of the files').choices(PUBLISHED_FORMATS.map(({ id }) => id))
    )
    .argument('<file...>', 'the files, as they were published')
    .option('--out <file>', 'the task, a JSON file called as the task is to be; an existing one is replaced')
  withCommonOptions(command).action(async (format: string, files: string[]) => {
    await importTask(format, files, readOptions(TaskOptions, command), command)
  })
}

async function importTask(
  format: string,
  files: readonly string[],
  { out, json, quiet }: TaskOptions,
  command: Command
): Promise<void> {
  if (out === undefined && !json) throw usageError(command, 'where to? Give --out TASK.json, or --json')
  const output = out === undefined ? null : await checkOutputFile(out)
  if (output !== null && files.some((name) => absolutePath(name) === output.path)) {
    throw usageError(command, `--out would replace ${output.path}, which is imported: name another file`)
  }
  const read = await Promise.all(
    files.map(async (name) => ({ name, content: await readTextFile(name, 4 * MAX_TASK_CHARACTERS) }))
  )
  const id = output === null ? format : taskIdOf(output.path, command)
  const task = publishedTask(id, got(FORMATS, format, 'format'), read)
  if (output !== null) await writeOutputFile(output, task)
  if (json) await printJson(task)
  if (output !== null && !quiet) {
    remark(`${writtenWords(output)}: ${plural(task.prompts.length, 'prompt')}`)
  }
}
