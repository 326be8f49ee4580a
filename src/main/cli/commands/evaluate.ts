import { namedTask } from '../../work/named-task'
import { changedRendering } from '../../../contract/work/settings'
import { EvaluationWork } from '../../work/evaluation'
import type { Command } from 'commander'
import { z } from 'zod'
import { DEFAULT_RENDERING } from '../../../contract/documents/crc'
import { type EvaluationRun, EvaluationVariant } from '../../../contract/documents/evaluation'
import type { Task } from '../../../contract/documents/task'
import { DEVICE_LABELS } from '../../../contract/model/device'
import { isExternal } from '../../../contract/model/model'
import { describeIssue, WorkbenchError } from '../../../contract/model/problem'
import { computingFromOptions, type Variant } from '../../../contract/documents/samples'
import { answersToMake, mostTokens } from '../../../contract/words/answer-words'
import { withHint, readJsonFile } from '../../base/files/bounded-file'
import { requireReachable } from '../../endpoint/reachable'
import { BUILTIN_TASKS } from '../../evaluation/builtin-tasks'
import { viewOf } from '../../project/results/stored-evaluation'
import { pairPaths } from '../../project/demo'
import type { ProjectPair } from '../../project/pair/project-pair'
import { computingOptions } from '../options/computing-options'
import { text } from '../options/option-kinds'
import { requireHalf } from '../../work/chosen-device'
import { TASK_CHOICES } from '../options/given-task'
import { judgeOptions, lacksVerdicts, nothingJudged } from '../running/judge'
import { allowForThisRun } from '../../endpoint/confirmed-addresses'
import { judgeNamed } from '../options/server-file'
import { madeEvaluation } from '../running/made-evaluation'
import { describeEvaluation } from '../printing/evaluation-report'
import {
  requirePair,
  usageError,
  pairOptions,
  renderingOptions,
  countOption,
  outOption,
  seedOption
} from '../options/options'
import { printJson, printShown } from '../printing/output'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { writeOutputFile, writtenWords } from '../results/output-file'
import { projectOptions } from '../results/project-to-save'
import { requireOwnPlace } from '../results/replaced-file'
import { requireReadArguments } from '../../work/template-arguments'
import { asksEndpoints, comparedModels, modelsNamed, warnOfEndpoints } from '../running/models'
import { withResultPlaces } from '../results/result-places'

const MAX_TASK_BYTES = 256_000_000

const VARIANTS = 'Write [{"variant": {"kind": "post", "name": "post"}, "prefix": "..."}, ...].'

const evaluateOptions = pairOptions
  .heading('What to evaluate:')
  .options({
    task: text('<task>', TASK_CHOICES),
    variants: text(
      '<file>',
      'variants as JSON in place of WHICH, with samplers, system turns, prefixes, suffixes and lists of answers of their own'
    ),
    embeddingModel: text(
      '<folder>',
      'compare answers by this sentence-embedding model (model.onnx and tokenizer.json) instead of by post itself'
    ),
    classifier: text(
      '<folder>',
      "count classes of answers by this classifier of pairs (model.onnx and tokenizer.json), as NoveltyBench's distinct_k"
    )
  })
  .and(
    countOption("answers per prompt and variant (default: the task's)"),
    seedOption("seed of the draws (default: the task's)")
  )
  .options({
    against: text('<variant>', 'compare the others with this one, by its name (default: post)')
  })
  .heading('Where the result goes:')
  .and(
    outOption('write settings and results as JSON to a file; an earlier one is replaced'),
    projectOptions(
      'save answers and scores in this project; the same evaluation goes on where it was stopped'
    ),
    judgeOptions,
    computingOptions,
    renderingOptions
  )
type EvaluateOptions = CommandOptions<typeof evaluateOptions>

/** `slr evaluate`: how variants do on an open-ended task, in diversity and quality. */
export const evaluateCommand = subcommand(evaluateOptions, {
  operands: [comparedModels('base, post and what the project keeps')],
  run: evaluate
})

async function evaluate(options: EvaluateOptions, command: Command, signal: AbortSignal): Promise<void> {
  const { task: taskName } = options
  if (taskName === undefined) {
    throw usageError(command, `evaluate what? Give --task, such as --task ${BUILTIN_TASKS[0]}`)
  }
  await withResultPlaces('evaluation', options, command, async ({ givenPair, own, output, tell }) => {
    allowForThisRun(options.allowAddress ?? [])
    const folders = pairPaths(givenPair ?? own?.document.location ?? requirePair(options, command))
    const task = withSettings(await namedTask(taskName, own), options)
    requireHalf(options.device ?? 'cpu', options.precision)
    if (!asksEndpoints(command.args)) await requireReadArguments(options, folders.post)
    const judge = await judgeNamed(options.judge, task.kind, command)
    const work = await EvaluationWork.open(
      {
        ...folders,
        task,
        variants: await givenVariants(options, folders, own, command),
        rendering: changedRendering(options, own?.document.rendering ?? DEFAULT_RENDERING),
        computing: computingFromOptions(options),
        embeddingModel: options.embeddingModel,
        classifier: options.classifier
      },
      own
    )
    const { run, sampled } = work
    if (output !== null) requireOwnPlace(output, 'evaluation', run)
    if (options.against !== undefined) requireVariant(options.against, run, command)
    for (const notice of run.notices) tell(notice)
    if (options.quiet) warnOfEndpoints(run.variants.map(({ variant }) => variant))
    if (judge !== null && (await lacksVerdicts(own, work.stored, judge)))
      await requireReachable(judge, 'The judge', signal)
    tell(describePlan(run, sampled.post.spec.contextLength))
    const made = await madeEvaluation(work, own, { judge, quiet: options.quiet, signal, tell })
    const view = await viewOf(made.files, made.proxies, options.against, signal)
    if (output !== null) await writeOutputFile(output, view)
    await (options.json ? printJson(view) : printShown(describeEvaluation(view)))
    if (output !== null) tell(writtenWords(output))
    // What was measured without the judge is out; that it is not all is the command's failure.
    const failure = made.failure ?? (judge === null ? null : nothingJudged(view.judging, judge.way))
    if (failure !== null) throw failure
  })
}

/** What is about to be generated, and read. */
function describePlan(
  { task: { prompts, settings }, variants, computing: { device } }: EvaluationRun,
  contextLength: number | null
): string {
  const { sampleCount, maxTokens } = settings
  const answers = { promptCount: prompts.length, variantCount: variants.length, sampleCount }
  const context = variants.some(({ variant }) => isExternal(variant)) ? null : contextLength
  return `${answersToMake(answers)}, ${mostTokens(answers, maxTokens, context)}; then post reads them${device === 'cpu' ? '' : `, on ${DEVICE_LABELS[device]}`}.`
}

/** @throws UsageError when no variant has this name: before anything is generated */
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

async function givenVariants(
  options: EvaluateOptions,
  folders: { base: string; post: string },
  own: ProjectPair | null,
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
      .safeParse(await withHint(VARIANTS, () => readJsonFile(file, MAX_TASK_BYTES)))
    if (parsed.success) return parsed.data
    throw new WorkbenchError(
      'bad-input',
      `${file} is not a list of variants: ${describeIssue(parsed.error)}`,
      VARIANTS
    )
  }
  const { recipes = [], otherCheckpoints = [] } = own?.document ?? {}
  const otherwise: Variant[] = [
    { kind: 'base', name: 'base' },
    { kind: 'post', name: 'post' },
    ...recipes.map(({ recipe }): Variant => ({ kind: 'recipe', name: recipe.name, recipe })),
    ...otherCheckpoints.map((checkpoint): Variant => ({ kind: 'checkpoint', ...checkpoint }))
  ]
  const named = await modelsNamed(command.args, { folders, pair: own }, command)
  return (named.length > 0 ? named : otherwise).map((variant) => ({ variant }))
}
