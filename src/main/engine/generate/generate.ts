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
  const startedMs = performance.now()
  const open = new OpenResources()
  try {
    const drawn = drawnModels(request.models)
    const singles: SinglesRequest = { ...request, models: drawn.singles }
    const trie = buildRecipeTrie(drawn.singles, await findSharing(pair, drawn.singles))
    const precision = choosePrecision(device, pair, request.precision ?? widthOf(request.weights))
    const plan = planGeneration(singles, pair.post.spec, trie, precision)
    const { weights, weightBytes, keyValueBytes, peakBytes, rowsPerModel, promptGroups } = plan
    yield {
      type: 'plan',
      device: request.device,
      precision,
      weights,
      weightBytes,
      keyValueBytes,
      peakBytes,
      rows: rowsPerModel * drawn.singles.length,
      sampleTotal: request.models.length * request.prompts.length * request.sampleCount - request.finished.length
    }
    const decoding = await openDecoding(open, { device, pair, trie, plan, models: request.models, drawn }, request)
    for (const prompts of promptGroups) yield* generateGroup(decoding, { request, stopText, plan, prompts }, signal)
    const { tokenCount, steps } = decoding.decoder
    yield { type: 'done', tokenCount, steps, seconds: (performance.now() - startedMs) / 1000 }
  } finally {
    await open.close()
  }
}

/** Prompts whose answers are generated together, as indices into the request. */
interface PromptGroup {
  readonly request: GenerateRequest
  readonly stopText: StopText
  readonly plan: GenerationPlan
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
      return queue.splice(0, plan.rowsPerModel - running.length)
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

/** Returns the missing answers of one model, the first answer to every prompt first. */
function queueOf(decoder: Decoder, model: number, { request, stopText, prompts }: PromptGroup): AnswerRow[] {
  const { seed, sampling, maxTokens, sampleCount } = request
  const finished = new Set(request.finished.map(answerName))
  const settings = { seed, sampling, maxTokens, stopText }
  return Array.from({ length: sampleCount }, (_, index) =>
    prompts.flatMap((prompt) => {
      const key = { model, prompt, index }
      if (finished.has(answerName(key))) return []
      return decoder.rowOf(key, elementAt(request.prompts, prompt, 'prompt'), settings)
    })
  ).flat()
}

/** Returns the tokens of one step as one event, followed by the answers that ended. @throws a row's failure */
function eventsOf(rowTokens: readonly RowToken[]): EngineGenerateEvent[] {
  const failed = rowTokens.find(({ row }) => row.failure !== null)?.row.failure
  if (failed) throw failed
  const tokens = rowTokens.flatMap(({ row, token }) => (token === null ? [] : [{ ...row.key, token }]))
  const samples = rowTokens.flatMap(({ row: { key, finished } }) =>
    finished === null ? [] : [{ type: 'sample' as const, ...key, ...finished }]
  )
  return tokens.length === 0 ? samples : [{ type: 'tokens', tokens }, ...samples]
}

function answerName({ model, prompt, index }: AnswerKey): string {
  return `${model}/${prompt}/${index}`
}

/** Returns the precision that float weights require. Quantised weights allow any. */
export function widthOf(storage: WeightStorage | undefined): Precision | undefined {
  return storage === 'fp32' || storage === 'fp16' ? storage : undefined
}
