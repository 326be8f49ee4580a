import { basename, extname } from 'node:path'
import { Argument, type Command } from 'commander'
import { z } from 'zod'
import { MAX_TASK_CHARACTERS, Task } from '../../contract/documents/task'
import { got } from '../../contract/model/look-up'
import { plural } from '../../contract/words/format'
import { readTextFile } from '../base/files/bounded-file'
import { absolutePath } from '../base/files/places'
import { PUBLISHED_FORMATS, type PublishedFormat, publishedTask } from '../evaluation/published-formats'
import { CommonOptions, readOptions, usageError, withCommonOptions } from './options'
import { printJson, remark } from './output'
import { checkOutputFile, writeOutputFile } from './output-file'

const TaskOptions = z.strictObject({ ...CommonOptions.shape, out: z.string().optional() })
type TaskOptions = z.infer<typeof TaskOptions>

const FORMATS = new Map<string, PublishedFormat>(PUBLISHED_FORMATS.map((format) => [format.id, format]))

/** `slr task import`: a task from files of a published form. */
export function addTaskCommand(program: Command): void {
  const command = program
    .command('task')
    .description('make a task of published prompts, which "slr evaluate --task" and studies take')
    .addArgument(new Argument('<what>', 'what to do').choices(['import']))
    .addArgument(
      new Argument('<format>', 'the form of the files').choices(PUBLISHED_FORMATS.map(({ id }) => id))
    )
    .argument('<file...>', 'the files, as they were published')
    .option('--out <file>', 'the task, a JSON file called as the task is to be; an existing one is replaced')
  withCommonOptions(command).action(async (_what: string, format: string, files: string[]) => {
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
  const id = Task.shape.id.safeParse(output === null ? format : basename(output.path, extname(output.path)))
  if (!id.success) {
    throw usageError(
      command,
      `--out ${out ?? ''} names the task: lower-case letters, digits and -, such as coverage.json`
    )
  }
  const task = publishedTask(id.data, got(FORMATS, format, 'format'), read)
  if (output !== null) await writeOutputFile(output, task)
  if (json) await printJson(task)
  if (output !== null && !quiet) {
    remark(`${output.exists ? 'Replaced' : 'Wrote'} ${output.path}: ${plural(task.prompts.length, 'prompt')}`)
  }
}
