import { Argument, type Command } from 'commander'
import { changedRendering } from '../../../contract/work/settings'
import { computingFromOptions } from '../../../contract/documents/samples'
import { DEFAULT_RENDERING } from '../../../contract/documents/crc'
import { GREEDY_VARIANTS, greedyTask } from '../../../contract/documents/greedy-failures'
import type { Task } from '../../../contract/documents/task'
import { chosenWords } from '../../../contract/words/greedy-failure-words'
import { elementAt } from '../../../contract/model/look-up'
import { plural } from '../../../contract/words/format'
import { postTextFolder } from '../../checkpoint/model-folder'
import { namedTask, publishedTaskOf } from '../../work/named-task'
import { absolutePath } from '../../base/files/paths'
import { failuresTask, requireRightAnswers } from '../../evaluation/greedy-failures'
import { pairPaths } from '../../project/demo'
import type { ProjectPair } from '../../project/pair/project-pair'
import { viewEvaluation } from '../../project/results/stored-evaluation'
import { requireFp16 } from '../../work/chosen-device'
import { EvaluationWork } from '../../work/evaluation'
import { requireKnownTemplateVariables } from '../../work/template-arguments'
import { PUBLISHED_FORMATS } from '../../evaluation/published-formats'
import { computingOptions } from '../options/computing-options'
import { number, text } from '../options/option-kinds'
import { TASK_CHOICES, taskIdOf } from '../options/given-task'
import { completeEvaluation } from '../running/complete-evaluation'
import { outOption, pairOptions, renderingOptions, requirePair, usageError, wholeNumber } from '../options/options'
import { printJson, remark } from '../printing/output'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { checkOutputFile, type OutputFile, writeOutputFile, writtenWords } from '../results/output-file'
import { projectOptions } from '../results/project-to-save'
import { withResultContext } from '../results/result-context'

/** `slr task`: creates tasks of published prompts, or of a task's prompts that post fails. */
export function taskCommand(command: Command, signal: AbortSignal): void {
  command.showHelpAfterError('See "slr task --help".')
  const add = (name: string, description: string): Command => command.command(name).description(description)
  taskImportCommand(add('import', 'create a task of published prompts'), signal)
  taskFilterCommand(add('filter', 'create a task of the prompts that greedy decoding of post fails'), signal)
}

const filterOptions = pairOptions
  .heading('Selection:')
  .options({
    task: text('<task>', TASK_CHOICES),
    most: number('<n>', 'maximum number of prompts, the first ones', wholeNumber(1, 10_000))
  })
  .heading('Output:')
  .and(
    outOption('write the task as NAME.json, in place of an earlier one'),
    projectOptions("save the task and post's greedy answers in this project"),
    computingOptions,
    renderingOptions
  )

const taskFilterCommand = subcommand(filterOptions, {
  async run(options, command, signal) {
    const { quiet, task: from } = options
    if (from === undefined) throw usageError(command, '--task is missing: give the task to choose from')
    if (options.out === undefined && options.project === undefined && !options.json) {
      throw usageError(command, 'no output is given: use --out TASK.json, --project FOLDER, or --json')
    }
    await withResultContext('task', options, command, async ({ givenPair, projectPair, output, note }) => {
      if (output !== null && absolutePath(from) === output.path) {
        throw usageError(command, `--out would replace ${output.path}, which is chosen from: name another file`)
      }
      const task = await namedTask(from, projectPair)
      requireRightAnswers(task)
      const id = output === null ? `${task.id.slice(0, 56)}-failed` : taskIdOf(output.path, command)
      const folders = pairPaths(givenPair ?? projectPair?.document.location ?? (await requirePair(options, command)))
      requireFp16(options.device ?? 'cpu', options.precision)
      await requireKnownTemplateVariables(options, await postTextFolder(folders))
      const work = await EvaluationWork.open(
        {
          ...folders,
          task: greedyTask(task),
          variants: GREEDY_VARIANTS,
          rendering: changedRendering(options, projectPair?.document.rendering ?? DEFAULT_RENDERING),
          computing: computingFromOptions(options)
        },
        projectPair
      )
      const { files, proxies } = await completeEvaluation(work, projectPair, { judge: null, quiet, signal, note })
      const view = await viewEvaluation(files, proxies)
      const failures = failuresTask({ view, samples: files.samples }, { id, task, maxPrompts: options.most })
      if (output !== null) await writeOutputFile(output, 'task', failures)
      await projectPair?.project.tasks.save(failures)
      if (options.json) await printJson('task', failures)
      for (const sentence of resultSentences(failures, projectPair, output)) note(sentence)
    })
  }
})

/** Lists sentences about the prompts that were chosen and where the task was written. */
function resultSentences(task: Task, projectPair: ProjectPair | null, output: OutputFile | null): string[] {
  return [
    ...(task.chosen === undefined ? [] : [chosenWords({ ...task, chosen: task.chosen })]),
    ...(output === null ? [] : [writtenWords(output)]),
    ...(projectPair === null ? [] : [`Saved in ${projectPair.project.path} as the task ${task.id}`])
  ]
}

const taskOptions = outOption('write the task as NAME.json, in place of an earlier one')
type TaskOptions = CommandOptions<typeof taskOptions>

const taskImportCommand = subcommand(taskOptions, {
  operands: [
    new Argument('<format>', 'format of the files').choices(PUBLISHED_FORMATS.map(({ id }) => id)),
    new Argument('<file...>', 'the published files')
  ],
  run: importTask
})

async function importTask({ out, force, json, quiet }: TaskOptions, command: Command): Promise<void> {
  const format = elementAt(command.args, 0, 'format')
  const files = command.args.slice(1)
  if (out === undefined && !json) throw usageError(command, 'no output is given: use --out TASK.json, or --json')
  const output = out === undefined ? null : await checkOutputFile(out, 'task', {}, force)
  if (output !== null && files.some((name) => absolutePath(name) === output.path)) {
    throw usageError(command, `--out would replace ${output.path}, which is imported: name another file`)
  }
  const id = output === null ? format : taskIdOf(output.path, command)
  const task = await publishedTaskOf(id, format, files)
  if (output !== null) await writeOutputFile(output, 'task', task)
  if (json) await printJson('task', task)
  if (output !== null && !quiet) {
    remark(`${writtenWords(output)}: ${plural(task.prompts.length, 'prompt')}`)
  }
}
