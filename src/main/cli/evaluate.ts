import type { Command } from 'commander'
import { z } from 'zod'
import { DEFAULT_RENDERING } from '../../contract/documents/crc'
import {
  type EvaluationProgress,
  type EvaluationRun,
  EvaluationVariant
} from '../../contract/documents/evaluation'
import { type Task } from '../../contract/documents/task'
import type { JudgeSettings } from '../../contract/documents/judge'
import { describeIssue, WorkbenchError } from '../../contract/model/problem'
import type { SampleLine, Variant } from '../../contract/documents/samples'
import type { PromptScores } from '../../contract/documents/evaluation'
import { answersToMake, mostTokens } from '../../contract/words/answer-words'
import { readJsonFile } from '../base/files/bounded-file'
import { BUILTIN_TASKS } from '../evaluation/builtin-tasks'
import { prepareEvaluation } from '../evaluation/prepare-evaluation'
import { type EvaluationListener, type EvaluationToMake, runEvaluation } from '../evaluation/run-evaluation'
import type { EvaluationFiles } from '../project/evaluation-files'
import { proxiesOf, sameEvaluation, viewOf } from '../project/stored-evaluation'
import type { Proxies } from '../measures/proxy-correlation'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/project-pair'
import { openSampledPair, type SampledPair } from '../samples/generation'
import { withRecord } from '../samples/outside-records'
import { withEngine } from './engine'
import { givenTask, TASK_CHOICES } from './given-task'
import { judged, judgeFrom, JudgeOptions, type VerdictStore, withJudgeOptions } from './judge'
import { describeEvaluation } from './evaluation-report'
import {
  CommonOptions,
  pairIfGiven,
  PairOptions,
  readOptions,
  RenderingOptions,
  renderingFrom,
  requirePair,
  usageError,
  wholeNumber,
  withCommonOptions,
  withPairOptions,
  withRenderingOptions
} from './options'
import { count, printJson, printText, remark } from './output'
import { checkOutputFile, writeOutputFile } from './output-file'
import { evaluationStep, progressDisplay } from './progress'
import { openPairToSave, ProjectOptions, requireSamePair, withProjectOptions } from './project-to-save'
import { type Kept, untilStopped } from './stopped'
import { VariantOptions, variantsFrom, warnOfEndpoints, withVariantOptions } from './variants'

const MAX_TASK_BYTES = 256_000_000

const EvaluateOptions = z.strictObject({
  ...CommonOptions.shape,
  ...PairOptions.shape,
  ...RenderingOptions.shape,
  ...VariantOptions.shape,
  ...JudgeOptions.shape,
  task: z.string().optional(),
  variants: z.string().optional(),
  embeddingModel: z.string().optional(),
  n: z.number().optional(),
  seed: z.number().optional(),
  against: z.string().optional(),
  out: z.string().optional(),
  ...ProjectOptions.shape
})
type EvaluateOptions = z.infer<typeof EvaluateOptions>

/** `slr evaluate`: how variants do on an open-ended task, in diversity and quality. */
export function addEvaluateCommand(program: Command, signal: AbortSignal): void {
  const command = program
    .command('evaluate')
    .description('how models of the pair do on an open-ended task, in diversity and quality')
  withVariantOptions(withPairOptions(command), 'base, post, and what a project keeps')
    .option(
      '--variants <file>',
      'variants as JSON, with samplers, system turns, prefixes, suffixes and lists of answers of their own'
    )
    .optionsGroup('What to evaluate:')
    .option('--task <task>', TASK_CHOICES)
    .option(
      '--embedding-model <folder>',
      'compare answers by this sentence-embedding model (model.onnx and tokenizer.json) instead of by post itself'
    )
    .option('--n <n>', "answers per prompt and variant (default: the task's)", wholeNumber(1, 100_000))
    .option('--seed <n>', "seed of the draws (default: the task's)", wholeNumber(0, 2 ** 31 - 1))
    .option('--against <variant>', 'compare the others with this one, by its name (default: post)')
    .optionsGroup('Where the result goes:')
    .option('--out <file>', 'write settings and results as JSON to a file; an existing file is replaced')
  withProjectOptions(
    command,
    'save answers and scores in this project; the same evaluation goes on where it was stopped'
  )
  withCommonOptions(withJudgeOptions(withRenderingOptions(command))).action(async () => {
    await evaluate(readOptions(EvaluateOptions, command), command, signal)
  })
}

async function evaluate(options: EvaluateOptions, command: Command, signal: AbortSignal): Promise<void> {
  const givenPair = pairIfGiven(options, command)
  const tell = options.quiet ? () => undefined : remark
  if (options.task === undefined) {
    throw usageError(command, `evaluate what? Give --task, such as --task ${BUILTIN_TASKS[0]}`)
  }
  const own = await openPairToSave(options, command, tell)
  try {
    await requireSamePair(givenPair, own)
    const output = options.out === undefined ? null : await checkOutputFile(options.out)
    const folders = pairPaths(givenPair ?? own?.document.location ?? requirePair(options, command))
    const task = withSettings(await givenTask(options.task, own), options)
    const judge = await judgeFrom(JudgeOptions.strip().parse(options), task.kind, command)
    const { run, pair } = await prepareEvaluation({
      ...folders,
      task,
      variants: await givenVariants(options, folders, own),
      rendering: renderingFrom(options, own?.document.rendering ?? DEFAULT_RENDERING),
      embeddingModel: options.embeddingModel
    })
    if (options.against !== undefined) requireVariant(options.against, run, command)
    for (const notice of run.notices) tell(notice)
    if (options.quiet) warnOfEndpoints(run.variants.map(({ variant }) => variant))
    tell(describePlan(run))
    const made =
      own === null
        ? await untilStopped(
            { signal, quiet: options.quiet },
            () => ({
              kept: 'Nothing is kept: an evaluation goes on where it was stopped with --project FOLDER.',
              goesOn: false
            }),
            () => evaluateInMemory(run, pair, judge, options.quiet, signal)
          )
        : await evaluateInProject(run, own, judge, options.quiet, signal, tell)
    const view = await viewOf(made.files, made.proxies, options.against)
    if (output !== null) await writeOutputFile(output, view)
    await (options.json ? printJson(view) : printText(describeEvaluation(view)))
    if (output !== null) tell(`${output.exists ? 'Replaced' : 'Wrote'} ${output.path}`)
  } finally {
    await own?.project.close()
  }
}

/** What is about to be generated, and read. */
function describePlan({ task: { prompts, settings }, variants }: EvaluationRun): string {
  const { sampleCount, maxTokens } = settings
  const answers = { promptCount: prompts.length, variantCount: variants.length, sampleCount }
  return `${answersToMake(answers)}, ${mostTokens(answers, maxTokens)}; then post reads them.`
}

/** What an evaluation came to, and the sweeps that say how well the proxy predicts it. */
interface MadeEvaluation {
  files: EvaluationFiles
  proxies: Proxies
}

/** @throws UsageError when no variant has this name: before anything is generated */
function requireVariant(name: string, { variants }: EvaluationRun, command: Command): void {
  const names = variants.map(({ variant }) => variant.name)
  if (!names.includes(name)) {
    throw usageError(command, `--against ${name} is none of the variants: ${names.join(', ')}`)
  }
}

/** Answers and scores are kept in the project as they come; an unfinished run of the same evaluation goes on. */
async function evaluateInProject(
  fresh: EvaluationRun,
  own: ProjectPair,
  judge: JudgeSettings | null,
  quiet: boolean,
  signal: AbortSignal,
  tell: (text: string) => void
): Promise<MadeEvaluation> {
  const earlier = await sameEvaluation(own, fresh)
  const run = earlier?.run ?? fresh
  if (earlier === null) await own.evaluations.add(run)
  else tell(`Going on with evaluation ${run.id}: ${earlier.samples.length} answers are there already`)
  return untilStopped(
    { signal, quiet },
    () => keptOfEvaluation(own, run),
    () => evaluateRun(run, earlier, own, judge, quiet, signal, tell)
  )
}

async function keptOfEvaluation(own: ProjectPair, run: EvaluationRun): Promise<Kept> {
  const { samples, scores, verdicts, pairVerdicts } = await own.evaluations.read(run.id)
  const verdictCount = verdicts.length + pairVerdicts.length
  const judged = verdictCount === 0 ? '' : ` and ${count(verdictCount)} verdicts`
  return {
    kept: `${count(samples.length)} answers, the scores of ${count(scores.length)} prompts${judged} are kept in ${own.project.path} as evaluation ${run.id}.`,
    goesOn: true
  }
}

async function evaluateRun(
  run: EvaluationRun,
  earlier: EvaluationFiles | null,
  own: ProjectPair,
  judge: JudgeSettings | null,
  quiet: boolean,
  signal: AbortSignal,
  tell: (text: string) => void
): Promise<MadeEvaluation> {
  const pair = await openSampledPair(pairPaths(own.document.location))
  await runWithProgress(
    { run, pair, stored: earlier ?? { samples: [], scores: [] } },
    {
      learned: (record) => own.evaluations.noteOutside(run.id, record),
      planned: (weights) => own.evaluations.noteWeights(run.id, weights),
      keepSamples: (lines) => own.evaluations.appendSamples(run.id, lines),
      keepScores: (scores) => own.evaluations.appendScores(run.id, scores)
    },
    quiet,
    signal
  )
  tell(`Saved in ${own.project.path} as evaluation ${run.id}`)
  const proxies = await proxiesOf(own, run)
  const files = await own.evaluations.read(run.id)
  if (judge === null) return { files, proxies }
  await own.evaluations.noteJudge(run.id, judge)
  const store: VerdictStore = {
    keep: (verdict) => own.evaluations.appendVerdict(run.id, verdict),
    keepPair: (verdict) => own.evaluations.appendPairVerdict(run.id, verdict)
  }
  return { files: await judged(files, judge, quiet, signal, store), proxies }
}

async function evaluateInMemory(
  run: EvaluationRun,
  pair: SampledPair,
  judge: JudgeSettings | null,
  quiet: boolean,
  signal: AbortSignal
): Promise<MadeEvaluation> {
  const samples: SampleLine[] = []
  const scores: PromptScores[] = []
  let { weights: held, outside } = run
  await runWithProgress(
    { run, pair, stored: { samples: [], scores: [] } },
    {
      learned: (record) => {
        outside = withRecord(outside, record)
        return Promise.resolve()
      },
      planned: (weights) => {
        held = weights
        return Promise.resolve()
      },
      keepSamples: (lines) => {
        samples.push(...lines)
        return Promise.resolve()
      },
      keepScores: (score) => {
        scores.push(score)
        return Promise.resolve()
      }
    },
    quiet,
    signal
  )
  const files = { run: { ...run, weights: held, outside }, samples, scores, verdicts: [], pairVerdicts: [] }
  const proxies = { characters: null, task: null }
  if (judge === null) return { files, proxies }
  const nowhere = { keep: () => Promise.resolve(), keepPair: () => Promise.resolve() }
  return { files: await judged(files, judge, quiet, signal, nowhere), proxies }
}

async function runWithProgress(
  work: EvaluationToMake,
  keep: Omit<EvaluationListener, 'progress'>,
  quiet: boolean,
  signal: AbortSignal
): Promise<void> {
  const display = progressDisplay(quiet)
  const progress = (now: EvaluationProgress): void => display.update(evaluationStep(now))
  try {
    await withEngine((engine) => runEvaluation(engine, work, { ...keep, progress }, signal))
  } finally {
    display.stop()
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
  own: ProjectPair | null
): Promise<EvaluationVariant[]> {
  if (options.variants !== undefined) {
    const parsed = z
      .array(EvaluationVariant)
      .min(1)
      .safeParse(await readJsonFile(options.variants, MAX_TASK_BYTES))
    if (parsed.success) return parsed.data
    throw new WorkbenchError(
      'bad-input',
      `${options.variants} is not a list of variants: ${describeIssue(parsed.error)}`,
      'Write [{"variant": {"kind": "post", "name": "post"}, "prefix": "..."}, ...].'
    )
  }
  const { recipes = [], otherCheckpoints = [] } = own?.document ?? {}
  const otherwise: Variant[] = [
    { kind: 'base', name: 'base' },
    { kind: 'post', name: 'post' },
    ...recipes.map(({ recipe }): Variant => ({ kind: 'recipe', name: recipe.name, recipe })),
    ...otherCheckpoints.map((checkpoint): Variant => ({ kind: 'checkpoint', ...checkpoint }))
  ]
  return (await variantsFrom(options, folders, own, otherwise)).map((variant) => ({ variant }))
}
