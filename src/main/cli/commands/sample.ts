import { runNotices } from '../../../contract/words/run-notices'
import { changedRendering, changedSampling } from '../../../contract/work/settings'
import { type DeviceChoice, GenerationDevice, DEVICE_LABELS } from '../../../contract/model/device'
import { samplingDevice } from '../options/computing-options'
import { isConfigured } from '../options/configured'
import {
  countOption,
  memoryOption,
  notifyOfMemory,
  outOption,
  pairOptions,
  refuseUnused,
  renderingOptions,
  samplerOptions,
  seedOption,
  usageError,
  wholeNumber
} from '../options/options'
import { asksEndpoints, comparedModels, type ModelContext, modelsNamed, warnOfEndpoints } from '../running/models'
import { addressOption } from '../options/server-file'
import { allowForThisRun } from '../../endpoint/confirmed-addresses'
import { pairOfCommand, projectOptions, withViewedPair } from '../results/project-to-save'
import { nextTokenOptions, showNextTokens } from './next-tokens'
import { plural } from '../../../contract/words/format'
import { basename } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { DEFAULT_RENDERING } from '../../../contract/documents/crc'
import {
  computingFromOptions,
  type Computation,
  describeComputation,
  PAPER_SAMPLING,
  type SampleLine,
  type SampleRun,
  type SampleRunMeasures,
  type SampleSettings
} from '../../../contract/documents/samples'
import { SamplePrompt, type SamplePrompts } from '../../../contract/documents/task'
import { isExternal } from '../../../contract/model/model'
import { describeSamples } from '../printing/samples-report'
import { answersToMake, mostTokens } from '../../../contract/words/answer-words'
import { firstIssue } from '../../../contract/model/problem'
import { withHint, readTextFile } from '../../base/files/bounded-file'
import { postTextFolder } from '../../checkpoint/model-folder'
import { openPair } from '../../checkpoint/pair'
import type { PairFolders } from '../../crc/sweep/score-recipes'
import { pairPaths } from '../../project/demo'
import { absolutePath } from '../../base/files/paths'
import { requireRoom, roomNotice } from '../../base/files/room'
import { minAnswerBytes, maxAnswerBytes } from '../../samples/answer-bytes'
import type { PlannedAnswers } from '../../samples/plan-answers'
import { defaultSampleSettings } from '../../samples/default-settings'
import { prepareSampleRun } from '../../samples/prepare-run'
import { readSamplePrompts } from '../../samples/prompts'
import { measureRun } from '../../measures/host'
import { inOrder, promptOf } from '../../report/samples-page/export'
import { AnswersFile, jsonLines, lockAnswersFile } from '../results/answers-file'
import { flag, number, several, text } from '../options/option-kinds'
import type { WorkRuntime } from '../../work/work-runtime'
import { answersInMemory, SampleWork } from '../../work/sample'
import { requireFp16 } from '../../work/chosen-device'
import { count, printJson, printShown, printText, remark } from '../printing/output'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { checkOutputFile, type OutputFile, writtenWords } from '../results/output-file'
import { runShown, withProgress } from '../running/shown-work'
import { describeAnswers } from '../printing/shown-answers'
import { type SavedWork, type Stoppable, untilStopped } from '../running/stopped'
import { requireKnownTemplateVariables } from '../../work/template-arguments'

const MAX_PROMPT_FILE_BYTES = 100_000_000

const PROMPT_FILE =
  'Write [{"text": "Name a colour."}, ...] into a .json file, or one prompt per line into a .txt or .jsonl file.'

const sampleOptions = pairOptions
  .heading('Prompts:')
  .options({
    prompt: several(SamplePrompt, '<text>', 'a prompt; repeatable', parsePrompt, { conflicts: ['prompts'] }),
    prompts: text('<file>', 'prompts: .txt with one a line, .jsonl, .json or .csv')
  })
  .and(countOption('answers per prompt and model (default: 8)'), seedOption('seed of the draws (default: 1)'))
  .options({
    maxTokens: number('<n>', "most tokens of an answer (default: the model's, at most 256)", wholeNumber(1, 100_000)),
    stop: several(z.string(), '<text>', 'text that ends an answer; repeatable', parseStop)
  })
  .and(projectOptions('use the pair and the recipes of this project (read only)'))
  .and(nextTokenOptions)
  .heading('Output:')
  .and(outOption('write answers as JSON lines, sorted by prompt, model and index'))
  .options({
    fresh: flag('generate everything again, also after a stopped run')
  })
  .heading("Sampling (default: the model's generation config, top-k 50 if it has none):")
  .options({
    paper: flag('temperature 1 and min-p 0.1, as in the paper'),
    greedy: flag('always the likeliest token', { conflicts: ['temperature', 'paper', 'topK', 'topP', 'minP'] })
  })
  .and(samplerOptions)
  .heading('Servers (texts are sent to named servers only):')
  .and(addressOption, samplingDevice, memoryOption, renderingOptions)
type SampleOptions = Omit<CommandOptions<typeof sampleOptions>, 'device'> & {
  readonly device: GenerationDevice | undefined
}

/** Options for answers, which `--next` refuses. */
const UNUSED_BY_NEXT = (
  'prompts n seed maxTokens stop out fresh paper greedy allowAddress temperature topK topP minP repetitionPenalty ' +
  'weights memory'
).split(' ')
/** Options that are refused without `--next`. */
const ONLY_FOR_NEXT = ['tokens', 'top', 'logits']

/** `slr sample`: writes answers of models to prompts, or computes the next token. */
export const sampleCommand = subcommand(sampleOptions, {
  operands: [comparedModels('post')],
  async run(options, command, signal) {
    await withViewedPair(options, command, async (pair) => {
      const folders = pairPaths(await pairOfCommand(options, pair, command))
      const models = { folders, pair }
      if (options.next) {
        refuseUnused(command, UNUSED_BY_NEXT, 'has no effect with --next, which computes one token')
        return showNextTokens(options, models, command, signal)
      }
      refuseUnused(command, ONLY_FOR_NEXT, 'needs --next')
      await sample({ ...options, device: generationDevice(options, command) }, models, command, signal)
    })
  }
})

function generationDevice(
  { device }: { device?: DeviceChoice | undefined },
  command: Command
): GenerationDevice | undefined {
  if (device === undefined || device === 'auto') return undefined
  const generation = GenerationDevice.safeParse(device)
  if (generation.success) return generation.data
  if (isConfigured(command, 'device')) return undefined
  const devices = GenerationDevice.options.join(' or ')
  throw usageError(
    command,
    `--device ${device} answers --next only: answers are computed on ${devices}, or by vLLM as an external model`
  )
}

async function sample(
  options: SampleOptions,
  models: ModelContext,
  command: Command,
  signal: AbortSignal
): Promise<void> {
  allowForThisRun(options.allowAddress ?? [])
  const { folders } = models
  requireFp16(options.device ?? 'cpu', options.precision)
  if (!asksEndpoints(command.args)) await requireKnownTemplateVariables(options, await postTextFolder(folders))
  const prompts = await promptsFrom(options, command)
  const output =
    options.out === undefined
      ? null
      : await checkOutputFile(options.out, 'answers', { prompts: options.prompts }, options.force)
  const variants = await modelsNamed(command.args, models, command)
  const defaults = await defaultSampleSettings(await postTextFolder(folders))
  const { run: requested, planned } = await prepareSampleRun({
    ...folders,
    prompts,
    rendering: changedRendering(options, DEFAULT_RENDERING),
    variants: variants.length > 0 ? variants : [{ kind: 'post', name: 'post' }],
    settings: settingsFrom(options, defaults)
  })
  const note = options.quiet ? () => undefined : remark
  notifyOfMemory(options, note)
  await notifyOfRun(requested, folders, options.quiet, note)
  if (output === null) {
    const print = options.json ? printJsonAnswers : printAnswers
    return print(requested, planned, { signal, quiet: options.quiet })
  }
  const lock = await lockAnswersFile(output.path)
  try {
    await sampleInto(output, { run: requested, planned, folders }, options, signal)
  } finally {
    lock.release()
  }
}

/** Writes answers into a locked file, resuming a stopped run of the same request. */
async function sampleInto(
  output: OutputFile,
  requested: { run: SampleRun; planned: PlannedAnswers; folders: PairFolders },
  options: SampleOptions,
  signal: AbortSignal
): Promise<void> {
  const note = options.quiet ? () => undefined : remark
  const file = await AnswersFile.open(output.path, requested.run, options.fresh)
  await requireRoomForAnswers(file, note)
  const { run } = file
  const resumable = file.answers.length > 0
  if (resumable) note(`Resuming: ${savedSamples(file).saved}`)
  const work = resumable ? await SampleWork.resume(file, requested.folders) : new SampleWork(file, requested.planned)
  const stoppable = { signal, quiet: options.quiet }
  const saved = (): SavedWork => savedSamples(file)
  const { computation } = await runShown(stoppable, saved, (runtime) => generateInto(file, work, runtime))
  await file.finish()
  const samples = file.answers
  const measures = await untilStopped(stoppable, saved, () => measureRun(run, samples, signal))
  const summary = summaryOf(run, samples, computation, measures)
  await (options.json ? printJson('samples', { out: output.path, ...summary }) : printShown(describeSamples(measures)))
  const computationWords = computation === null ? '' : ` ${describeComputation(run.settings, computation)}`
  const outcome = resumable ? `Completed ${output.path}` : writtenWords(output)
  note(`${outcome}: ${plural(samples.length, 'answer')}${computationWords}`)
}

/** Summarizes a run for `--json`, without its answers. */
const summaryOf = (
  { settings: { device } }: SampleRun,
  samples: readonly SampleLine[],
  computation: Computation | null,
  { compared, variants }: SampleRunMeasures
): object => ({
  sampleCount: samples.length,
  device,
  precision: computation?.precision ?? null,
  weights: computation?.weights ?? null,
  compared,
  variants
})

/** Generates answers, and prints them with their measures as one JSON object. A stopped run prints nothing. */
async function printJsonAnswers(run: SampleRun, planned: PlannedAnswers, stoppable: Stoppable): Promise<void> {
  const store = answersInMemory(run)
  const { computation } = await runShown(
    stoppable,
    () => printedSamples(0),
    (runtime) => new SampleWork(store, planned).compute(runtime)
  )
  const finished = store.answers
  const answers = inOrder(run, finished).map((line) => ({ ...line, ...promptOf(run, line) }))
  const measures = await measureRun(run, finished, stoppable.signal)
  await printJson('samples', { ...summaryOf(run, finished, computation, measures), answers })
}

/**
 * Generates answers and prints them without saving them. A terminal shows all answers at the end, and other programs
 * receive each answer when it is finished.
 */
async function printAnswers(run: SampleRun, planned: PlannedAnswers, stoppable: Stoppable): Promise<void> {
  const isRead = process.stdout.isTTY
  const store = answersInMemory(run, async (lines) => {
    if (!isRead) await printText(jsonLines(run, lines))
  })
  const work = new SampleWork(store, planned)
  await untilStopped(
    stoppable,
    () => printedSamples(store.answers.length),
    async () => {
      try {
        await withProgress(stoppable, (runtime) => work.compute(runtime))
      } finally {
        if (isRead && store.answers.length > 0) await printShown(describeAnswers(run, store.answers))
      }
    }
  )
}

/** Refuses a disk without room for the missing answers if they are short, and warns if long answers may not fit. */
async function requireRoomForAnswers({ path, run, answers }: AnswersFile, note: (text: string) => void): Promise<void> {
  const { variants, prompts, settings } = run
  const missing = variants.length * prompts.length * settings.sampleCount - answers.length
  await requireRoom(path, minAnswerBytes(missing))
  const notice = await roomNotice(path, maxAnswerBytes(missing, settings.maxTokens))
  if (notice !== null) note(notice)
}

/** Prints notices and the plan of a run. With `--quiet`, only the endpoints that receive prompts are printed. */
async function notifyOfRun(
  run: SampleRun,
  folders: { base: string; post: string },
  quiet: boolean,
  note: (text: string) => void
): Promise<void> {
  for (const notice of runNotices(run)) note(notice)
  if (quiet) warnOfEndpoints(run.variants)
  const { post } = await openPair(folders.base, folders.post)
  note(describePlan(run, post.spec.contextLength))
}

async function promptsFrom({ prompt, prompts }: SampleOptions, command: Command): Promise<SamplePrompts> {
  if (prompt !== undefined) return prompt
  if (prompts === undefined) throw usageError(command, 'no prompt is given: use --prompt TEXT or --prompts FILE')
  const file = absolutePath(prompts)
  return withHint(PROMPT_FILE, async () =>
    readSamplePrompts(basename(file), await readTextFile(file, MAX_PROMPT_FILE_BYTES))
  )
}

function parsePrompt(text: string): SamplePrompt {
  const prompt = SamplePrompt.safeParse({ text })
  if (prompt.success) return prompt.data
  throw new InvalidArgumentError(`Expected a prompt: ${firstIssue(prompt.error).message}.`)
}

function parseStop(text: string): string {
  if (text !== '') return text
  throw new InvalidArgumentError('Expected a text: leave --stop out where none ends an answer.')
}

function describePlan({ prompts, variants, settings }: SampleRun, contextLength: number | null): string {
  const { sampleCount, maxTokens } = settings
  const answers = { promptCount: prompts.length, variantCount: variants.length, sampleCount }
  const isEngineUsed = variants.some((variant) => !isExternal(variant))
  const deviceWords = isEngineUsed ? `, on ${DEVICE_LABELS[settings.device]}` : ''
  const context = variants.some(isExternal) ? null : contextLength
  return `${answersToMake(answers)}, ${mostTokens(answers, maxTokens, context)}${deviceWords}.`
}

function settingsFrom(options: SampleOptions, defaults: SampleSettings): SampleSettings {
  const sampling = options.paper ? PAPER_SAMPLING : defaults.sampling
  return {
    sampling: changedSampling({ ...options, ...(options.greedy ? { temperature: 0 } : {}) }, sampling),
    maxTokens: options.maxTokens ?? defaults.maxTokens,
    stopTexts: options.stop ?? defaults.stopTexts,
    seed: options.seed ?? defaults.seed,
    sampleCount: options.n ?? defaults.sampleCount,
    ...computingFromOptions(options),
    memoryBytes: options.memory ?? defaults.memoryBytes
  }
}

async function generateInto(
  file: AnswersFile,
  work: SampleWork,
  runtime: WorkRuntime
): ReturnType<SampleWork['compute']> {
  try {
    return await work.compute(runtime)
  } catch (error) {
    if (file.answers.length > 0 && !runtime.signal.aborted)
      remark(`${savedSamples(file).saved} The same command resumes.`)
    throw error
  } finally {
    await file.close()
  }
}

const printedSamples = (printed: number): SavedWork => ({
  saved:
    printed === 0
      ? 'No answer was finished.'
      : `${plural(printed, 'answer')} ${printed === 1 ? 'was' : 'were'} printed.`,
  resumable: false
})

function savedSamples({ answers, run, path }: AnswersFile): SavedWork {
  if (answers.length === 0) return { saved: 'No answer was finished.', resumable: false }
  const total = run.variants.length * run.prompts.length * run.settings.sampleCount
  const verb = answers.length === 1 ? 'is' : 'are'
  return {
    saved: `${count(answers.length)} of ${plural(total, 'answer')} ${verb} saved in ${path}.`,
    resumable: true
  }
}
