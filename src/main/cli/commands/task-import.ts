import { Argument, type Command } from 'commander'
import { MAX_TASK_CHARACTERS } from '../../../contract/documents/task'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { plural } from '../../../contract/words/format'
import { readTextFile } from '../../base/files/bounded-file'
import { absolutePath } from '../../base/files/places'
import { PUBLISHED_FORMATS, type PublishedFormat, publishedTask } from '../../evaluation/published-formats'
import { taskIdOf } from '../options/given-task'
import { usageError, outOption } from '../options/options'
import { printJson, remark } from '../printing/output'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { checkOutputFile, writeOutputFile, writtenWords } from '../results/output-file'

const taskOptions = outOption('write the task as NAME.json, in place of an earlier one')
type TaskOptions = CommandOptions<typeof taskOptions>

const FORMATS = new Map<string, PublishedFormat>(PUBLISHED_FORMATS.map((format) => [format.id, format]))

/** `slr task import`: creates a task from files of a published format. */
export const taskImportCommand = subcommand(taskOptions, {
  operands: [
    new Argument('<format>', 'format of the files').choices(PUBLISHED_FORMATS.map(({ id }) => id)),
    new Argument('<file...>', 'the published files')
  ],
  run: importTask
})

async function importTask({ out, force, json, quiet }: TaskOptions, command: Command): Promise<void> {
  const format = elementAt(command.args, 0, 'format')
  const files = command.args.slice(1)
  if (out === undefined && !json)
    throw usageError(command, 'no output is given: use --out TASK.json, or --json')
  const output = out === undefined ? null : await checkOutputFile(out, 'task', {}, force)
  if (output !== null && files.some((name) => absolutePath(name) === output.path)) {
    throw usageError(command, `--out would replace ${output.path}, which is imported: name another file`)
  }
  const read = await Promise.all(
    files.map(async (name) => ({ name, content: await readTextFile(name, 4 * MAX_TASK_CHARACTERS) }))
  )
  const id = output === null ? format : taskIdOf(output.path, command)
  const task = publishedTask(id, mapGet(FORMATS, format, 'format'), read)
  if (output !== null) await writeOutputFile(output, 'task', task)
  if (json) await printJson('task', task)
  if (output !== null && !quiet) {
    remark(`${writtenWords(output)}: ${plural(task.prompts.length, 'prompt')}`)
  }
}
