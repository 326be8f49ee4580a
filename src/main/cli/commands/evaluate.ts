import { runNotices } from '../../../contract/words/run-notices'
import { jsonLines } from '../results/answers-file'
import { postTextFolder } from '../../checkpoint/model-folder'
import { computingFromOptions, type Variant } from '../../../contract/documents/samples'
import { csvOutput, writeCsvIfAsked } from '../results/csv-file'
import { evaluationTable } from '../results/tables'
import {
  csvOption,
  detailsOption,
  requirePair,
  usageError,
  pairOptions,
  renderingOptions,
  countOption,
  outOption,
  seedOption
} from '../options/options'
import { optionGroup } from '../options/option-group'
import { flag, several, text, parsedBy } from '../options/option-kinds'
import { checkOutputFile, writeOutputText, writeOutputFile, writtenWords } from '../results/output-file'
import { plural } from '../../../contract/words/format'
import { namedTask } from '../../work/named-task'
import { changedRendering } from '../../../contract/work/settings'
import { EvaluationWork } from '../../work/evaluation'
import { type Command } from 'commander'
import { z } from 'zod'
import { DEFAULT_RENDERING } from '../../../contract/documents/crc'
import { type EvaluationRun, EvaluationVariant } from '../../../contract/documents/evaluation'
import type { Task } from '../../../contract/documents/task'
import { DEVICE_LABELS } from '../../../contract/model/device'
import { isExternal } from '../../../contract/model/model'
import { Prompting } from '../../../contract/model/prompting'
import { inputError, requireValid } from '../../../contract/model/problem'
import { answersToMake, mostTokens } from '../../../contract/words/answer-words'
import { withHint, readJsonFile } from '../../base/files/bounded-file'
import { requireReachable } from '../../endpoint/reachable'
import { withPromptings } from '../../evaluation/prompted-answers'
import { BUILTIN_TASKS } from '../../evaluation/builtin-tasks'
import { viewEvaluation } from '../../project/results/stored-evaluation'
import { pairPaths } from '../../project/demo'
import type { ProjectPair } from '../../project/pair/project-pair'
import { computingOptions } from '../options/computing-options'
import { requireFp16 } from '../../work/chosen-device'
import { TASK_CHOICES } from '../options/given-task'
import { judgeOptions, lacksVerdicts, nothingJudged } from '../running/judge'
import { allowForThisRun } from '../../endpoint/confirmed-addresses'
import { judgeNamed } from '../options/server-file'
import { completeEvaluation } from '../running/complete-evaluation'
import { describeEvaluation } from '../printing/evaluation-report'
import { pairOptionsOf } from '../printing/verdict-report'
import { printJson, printShown } from '../printing/output'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { projectOptions } from '../results/project-to-save'
import { requireSameIdentity } from '../results/replaced-file'
import { requireKnownTemplateVariables } from '../../work/template-arguments'
import { asksEndpoints, comparedModels, modelsNamed, warnOfEndpoints } from '../running/models'
import { withResultContext } from '../results/result-context'

const MAX_VARIANTS_BYTES = 256_000_000

const VARIANTS_HINT = 'Write [{"variant": {"kind": "post", "name": "post"}, "prefix": "..."}, ...].'

const evaluateOptions = pairOptions
  .heading('Evaluation:')
  .options({
    task: text('<task>', TASK_CHOICES),
    variants: text('<file>', 'variants as JSON, with their own samplers'),
    prompting: several(
      Prompting,
      '<name>',
      'also ask every model by this prompting; repeatable',
      parsedBy(Prompting, Prompting.options.join(', '))
    ),
    embeddingModel: text('<folder>', 'compare answers by this sentence-embedding model'),
    classifier: text('<folder>', 'count classes of answers by this classifier')
  })
  .and(countOption("answers per prompt (default: the task's)"), seedOption("seed of the draws (default: the task's)"))
  .options({
    against: text('<variant>', 'compare the others with this one (default: post)')
  })
  .heading('Output:')
  .and(
    outOption('write settings and results as JSON'),
    projectOptions('save answers in this project, and resume there'),
    csvOption,
    optionGroup().options({
      answersOut: text('<file>', 'write the answers as JSON lines'),
      dryRun: flag('only print the number of answers')
    }),
    detailsOption,
    judgeOptions,
    computingOptions,
    renderingOptions
  )
type EvaluateOptions = CommandOptions<typeof evaluateOptions>

/** `slr evaluate`: measures diversity and quality of models on a task. */
export const evaluateCommand = subcommand(evaluateOptions, {
  operands: [comparedModels('base, post, kept')],
  run: evaluate
})

async function evaluate(options: EvaluateOptions, command: Command, signal: AbortSignal): Promise<void> {
  const { task: taskName } = options
  if (taskName === undefined) {
    throw usageError(command, `--task is missing: give one, such as --task ${BUILTIN_TASKS[0]}`)
  }
  await withResultContext('evaluation', options, command, async ({ givenPair, projectPair, output, note }) => {
    allowForThisRun(options.allowAddress ?? [])
    const folders = pairPaths(givenPair ?? projectPair?.document.location ?? (await requirePair(options, command)))
    const task = withSettings(await namedTask(taskName, projectPair), options)
    requireFp16(options.device ?? 'cpu', options.precision)
    if (!asksEndpoints(command.args)) await requireKnownTemplateVariables(options, await postTextFolder(folders))
    const judge = await judgeNamed(options.judge, task.kind, command)
    const table = await csvOutput(options)
    const answers =
      options.answersOut === undefined ? null : await checkOutputFile(options.answersOut, 'answers', {}, options.force)
    const variants = await givenVariants(options, folders, projectPair, command)
    const work = await openWork(options, { ...folders, task, variants }, projectPair)
    const { run, sampled } = work
    if (output !== null) requireSameIdentity(output, 'evaluation', run)
    if (options.against !== undefined) requireVariant(options.against, run, command)
    for (const notice of runNotices(run)) note(notice)
    if (options.quiet) warnOfEndpoints(run.variants.map(({ variant }) => variant))
    if (options.dryRun) return showPlan(work, options.json)
    if (judge !== null && (await lacksVerdicts(projectPair, work.stored, judge)))
      await requireReachable(judge, 'The judge', signal)
    note(describePlan(run, sampled.post.spec.contextLength))
    const outcome = await completeEvaluation(work, projectPair, { judge, quiet: options.quiet, signal, note })
    const view = await viewEvaluation(outcome.files, outcome.proxies, options.against, signal)
    if (output !== null) await writeOutputFile(output, 'evaluation', view)
    await writeCsvIfAsked(table, () => evaluationTable(view), options.quiet)
    if (answers !== null) await writeOutputText(answers, jsonLines(run.task, outcome.files.samples))
    await (options.json
      ? printJson('evaluation', view)
      : printShown(describeEvaluation(view, { pair: pairOptionsOf(options), task: taskName }, options.details)))
    if (output !== null) note(writtenWords(output))
    if (answers !== null) note(writtenWords(answers))
    // If the judge did not reply to everything, the command fails after it has saved and printed the results.
    const failure = outcome.failure ?? (judge === null ? null : nothingJudged(view.judging, judge.way))
    if (failure !== null) throw failure
  })
}

async function openWork(
  options: EvaluateOptions,
  given: { base: string; post: string; task: Task; variants: EvaluationVariant[] },
  projectPair: ProjectPair | null
): Promise<EvaluationWork> {
  return EvaluationWork.open(
    {
      ...given,
      variants: withPromptings(given.variants, options.prompting),
      rendering: changedRendering(options, projectPair?.document.rendering ?? DEFAULT_RENDERING),
      computing: computingFromOptions(options),
      embeddingModel: options.embeddingModel,
      classifier: options.classifier
    },
    projectPair
  )
}

async function showPlan({ run, sampled, stored }: EvaluationWork, json: boolean): Promise<void> {
  const { task, variants } = run
  const answers = task.prompts.length * variants.length * task.settings.sampleCount
  const plan = {
    task: task.id,
    prompts: task.prompts.length,
    variants: variants.map(({ variant }) => variant.name),
    answers,
    stored: stored?.samples.length ?? 0,
    maxTokens: task.settings.maxTokens
  }
  if (json) return printJson('evaluation-plan', plan)
  const storedWords = plan.stored === 0 ? '' : ` ${plural(plan.stored, 'answer')} are stored.`
  await printShown(`${describePlan(run, sampled.post.spec.contextLength)}${storedWords}`)
}

function describePlan(
  { task: { prompts, settings }, variants, computing: { device } }: EvaluationRun,
  contextLength: number | null
): string {
  const { sampleCount, maxTokens } = settings
  const answers = { promptCount: prompts.length, variantCount: variants.length, sampleCount }
  const context = variants.some(({ variant }) => isExternal(variant)) ? null : contextLength
  const work = `${answersToMake(answers)}, ${mostTokens(answers, maxTokens, context)}`
  return `${work}; then post reads them${device === 'cpu' ? '' : `, on ${DEVICE_LABELS[device]}`}.`
}

function requireVariant(name: string, { variants }: EvaluationRun, command: Command): void {
  const names = variants.map(({ variant }) => variant.name)
  if (!names.includes(name)) {
    throw usageError(command, `--against ${name} is none of the variants: ${names.join(', ')}`)
  }
}

function withSettings(task: Task, { n, seed }: EvaluateOptions): Task {
  const { settings } = task
  return {
    ...task,
    settings: { ...settings, sampleCount: n ?? settings.sampleCount, seed: seed ?? settings.seed }
  }
}

/** Returns the variants of `--variants` or of the named models; without both, base, post and the project's models. */
async function givenVariants(
  options: EvaluateOptions,
  folders: { base: string; post: string },
  projectPair: ProjectPair | null,
  command: Command
): Promise<EvaluationVariant[]> {
  const { variants: file } = options
  if (file !== undefined) {
    if (command.args.length > 0) {
      throw usageError(command, 'models do not go with --variants: write them into that file')
    }
    const parsed = z
      .array(EvaluationVariant)
      .min(1)
      .safeParse(await withHint(VARIANTS_HINT, () => readJsonFile(file, MAX_VARIANTS_BYTES)))
    return requireValid(parsed, (issue) => inputError(`${file} is not a list of variants: ${issue}`, VARIANTS_HINT))
  }
  const { recipes = [], otherCheckpoints = [] } = projectPair?.document ?? {}
  const defaultVariants: Variant[] = [
    { kind: 'base', name: 'base' },
    { kind: 'post', name: 'post' },
    ...recipes.map(({ recipe }): Variant => ({ kind: 'recipe', name: recipe.name, recipe })),
    ...otherCheckpoints.map((checkpoint): Variant => ({ kind: 'checkpoint', ...checkpoint }))
  ]
  const named = await modelsNamed(command.args, { folders, pair: projectPair }, command)
  return (named.length > 0 ? named : defaultVariants).map((variant) => ({ variant }))
}
