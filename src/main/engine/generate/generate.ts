import { setImmediate as nextTurn } from 'node:timers/promises'
import { elementAt } from '../../../contract/model/look-up'
import type { WeightStorage } from '../../../contract/model/sampling'
import type { Precision } from '../../../contract/model/device'
import type { AnswerKey, EngineGenerateEvent, GenerateRequest } from '../../../contract/procedures/engine'
import { throwIfCancelled } from '../../base/files/cancelling'
import type { Decoder, AnswerRow, RowToken } from './decoder'
import { drawnModels, type SinglesRequest } from './drawn-models'
import type { Device } from '../device/device'
import { choosePrecision } from '../forward/choose-precision'
import { openRun, OpenResources } from '../forward/open-run'
import { type GenerationPlan, planGeneration } from './generation-plan'
import { generateInThreads, generationThreads, type GenerationTotals, limitsOfThread } from './generation-threads'
import { openDecoding, type Decoding } from './open-decoding'
import type { PairWeights } from '../weights/pair-weights'
import { buildRecipeTrie } from '../tries/recipe-trie'
import { findSharing } from '../weights/sharing'
import type { StopText } from './stop-text'

/**
 * Samples answers of several models. A row is an answer in progress. At every layer, rows of models whose weights are
 * equal there run as one batch.
 */
export async function* generate(
  request: GenerateRequest,
  stopText: StopText,
  signal?: AbortSignal
): AsyncGenerator<EngineGenerateEvent> {
  const open = await openRun(request, drawnModels(request.models).singles)
  try {
    yield* generateOn(open.device, open.pair, request, stopText, signal)
  } finally {
    await open.close()
  }
}

/** Runs {@link generate} on an open device and pair. On every exit it releases all memory of the device. */
export async function* generateOn(
  device: Device,
  pair: PairWeights,
  request: GenerateRequest,
  stopText: StopText,
  signal?: AbortSignal
): AsyncGenerator<EngineGenerateEvent> {
  const open = new OpenResources()
  try {
    const drawn = drawnModels(request.models)
    const singles: SinglesRequest = { ...request, models: drawn.singles }
    const trie = buildRecipeTrie(drawn.singles, await findSharing(pair, drawn.singles))
    const precision = choosePrecision(device, pair, request.precision ?? widthOf(request.weights))
    const planOf = (planned: SinglesRequest): GenerationPlan => planGeneration(planned, pair.post.spec, trie, precision)
    const planOfOne = planOf(singles)
    const threads = generationThreads(request, planOfOne)
    const plan = threads > 1 ? planOf({ ...singles, ...limitsOfThread(request, threads) }) : planOfOne
    const { weights, weightBytes, keyValueBytes, peakBytes, rowsPerModel } = plan
    yield {
      type: 'plan',
      precision,
      weights,
      weightBytes: weightBytes * threads,
      keyValueBytes: keyValueBytes * threads,
      peakBytes: peakBytes * threads,
      rows: rowsPerModel * drawn.singles.length * threads
    }
    const totals =
      threads > 1
        ? yield* generateInThreads(request, threads, signal)
        : yield* generateHere(
            await openDecoding(open, { device, pair, trie, plan, models: request.models, drawn }, request),
            { request, stopText, plan },
            signal
          )
    yield { type: 'done', ...totals }
  } finally {
    await open.close()
  }
}

interface PlannedWork {
  readonly request: GenerateRequest
  readonly stopText: StopText
  readonly plan: GenerationPlan
}

/** Generates all answers of a request in this thread, one group of prompts after the other. */
async function* generateHere(
  decoding: Decoding,
  work: PlannedWork,
  signal: AbortSignal | undefined
): AsyncGenerator<EngineGenerateEvent, GenerationTotals> {
  for (const prompts of work.plan.promptGroups) yield* generateGroup(decoding, { ...work, prompts }, signal)
  const { tokenCount, steps } = decoding.decoder
  return { tokenCount, steps }
}

/** Prompts whose answers are generated together, as indices into the request. */
interface PromptGroup extends PlannedWork {
  readonly prompts: readonly number[]
}

/**
 * Generates all answers of a group for every model. The slot of a finished answer is used for the model's next answer.
 */
async function* generateGroup(
  { decoder, prefill }: Decoding,
  group: PromptGroup,
  signal: AbortSignal | undefined
): AsyncGenerator<EngineGenerateEvent> {
  const { request, plan } = group
  const queues = request.models.map((_, model) => queueOf(decoder, model, group))
  if (queues.every((queue) => queue.length === 0)) return
  const prompts = group.prompts.map((prompt) => elementAt(request.prompts, prompt, 'prompt'))
  const prefilled = await prefill({ prompts }, signal)
  const nextRows = (): AnswerRow[] =>
    queues.flatMap((queue, model) => {
      const running = decoder.active.filter(({ key }) => key.model === model)
      return takeNext(queue, running.length, plan.rowsPerModel)
    })
  try {
    for (;;) {
      // An answer may end with its first token, so a slot may be free again at once.
      for (let rows = nextRows(); rows.length > 0; rows = nextRows())
        yield* eventsOf(await decoder.admit(rows, prefilled))
      if (decoder.active.length === 0) return
      throwIfCancelled(signal, 'The generation')
      yield* eventsOf(await decoder.step())
      // Inference blocks the thread. Yield, so that a cancellation can arrive.
      await nextTurn()
    }
  } finally {
    prefilled.dispose()
  }
}

/** Returns the maximum answers to one prompt that begin together, and share what they begin with. */
const answersTogether = (rowsPerModel: number): number => Math.ceil(rowsPerModel / 2)

/** Removes the next answers of one model from its queue, in parts of one prompt each that fit into the free rows. */
function takeNext(queue: AnswerRow[], running: number, maxRows: number): AnswerRow[] {
  const taken: AnswerRow[] = []
  while (queue.length > 0) {
    const other = queue.findIndex(({ prompt }) => prompt !== queue[0]?.prompt)
    const count = Math.min(other === -1 ? queue.length : other, answersTogether(maxRows))
    if (count > maxRows - running - taken.length) break
    taken.push(...queue.splice(0, count))
  }
  return taken
}

/** Returns the missing answers of one model: first one to every prompt, then in turn some to each. */
function queueOf(decoder: Decoder, model: number, { request, stopText, plan, prompts }: PromptGroup): AnswerRow[] {
  const { seed, sampling, maxTokens, sampleCount } = request
  const finished = new Set(request.finished.map(answerName))
  const settings = { seed, sampling, maxTokens, stopText }
  const turnOf = ({ index }: AnswerKey): number => Math.ceil(index / answersTogether(plan.rowsPerModel))
  return prompts
    .flatMap((prompt) => Array.from({ length: sampleCount }, (_, index) => ({ model, prompt, index })))
    .filter((key) => !finished.has(answerName(key)))
    .toSorted((a, b) => turnOf(a) - turnOf(b))
    .map((key) => decoder.rowOf(key, elementAt(request.prompts, key.prompt, 'prompt'), settings))
}

/** Returns the event of a step with tokens or finished answers, else none. @throws a row's failure */
function eventsOf(rowTokens: readonly RowToken[]): EngineGenerateEvent[] {
  const failed = rowTokens.find(({ row }) => row.failure !== null)?.row.failure
  if (failed) throw failed
  const tokens = rowTokens.flatMap(({ row, token }) => (token === null ? [] : [{ ...row.key, token }]))
  const answers = rowTokens.flatMap(({ row: { key, finished } }) =>
    finished === null ? [] : [{ ...key, ...finished }]
  )
  return tokens.length + answers.length === 0 ? [] : [{ type: 'step', tokens, finished: answers }]
}

function answerName({ model, prompt, index }: AnswerKey): string {
  return `${model}/${prompt}/${index}`
}

/** Returns the precision that float weights require. Quantised weights allow any. */
export function widthOf(storage: WeightStorage | undefined): Precision | undefined {
  return storage === 'fp32' || storage === 'fp16' ? storage : undefined
}
