import { EventEmitter, on } from 'node:events'
import { isMainThread, Worker } from 'node:worker_threads'
import { z } from 'zod'
import { elementAt } from '../../../contract/model/look-up'
import { errorOfProblem, Problem } from '../../../contract/model/problem'
import { type AnswerKey, EngineGenerateEvent, type GenerateRequest } from '../../../contract/procedures/engine'
import { builtScript } from '../../base/built'
import { cancelled, throwIfCancelled } from '../../base/files/cancelling'
import { startRuntime } from '../device/device'
import { physicalCores } from '../device/physical-cores'
import type { GenerationPlan } from './generation-plan'

// Several threads generate the answers of a small model, each to some of the prompts. A step of a small model is many
// short operators and as much JavaScript, which a second thread of onnxruntime does not make faster.

/** The maximum weights of a model that several threads load. Steps of a larger one are long matrix products. */
const SMALL_MODEL_BYTES = 2 ** 26

/** The minimum answers of a thread, which takes as long to start as some hundred short answers. */
const ANSWERS_PER_THREAD = 256

/** The maximum sequences of a thread, unless the request allows more. */
const ROWS_OF_THREAD = 2048

/** The maximum answers of a model to a prompt that begin together. All prompts wait for a turn of so many. */
const ANSWERS_TOGETHER = 64

/** The message that ends a thread before its next step. */
export const STOP = 'stop'

/** An event of a thread's part of the request, or the reason why the thread failed. */
export const ThreadMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('event'), event: EngineGenerateEvent }),
  z.object({ kind: z.literal('failed'), problem: Problem })
])
export type ThreadMessage = z.infer<typeof ThreadMessage>

/** Returns how many threads generate the answers of a planned request; 1 for the thread that computes already. */
export function generationThreads(
  { device, prompts, models, sampleCount, finished, memoryBytes }: GenerateRequest,
  { weightBytes, peakBytes }: GenerationPlan
): number {
  if (!isMainThread || device !== 'cpu' || weightBytes > SMALL_MODEL_BYTES) return 1
  const missing = models.length * prompts.length * sampleCount - finished.length
  const limits = [physicalCores(), prompts.length, missing / ANSWERS_PER_THREAD, memoryBytes / peakBytes]
  return Math.max(1, Math.floor(Math.min(...limits)))
}

/**
 * Returns the limits of each of some threads, which share the memory. Many answers to two prompts fit side by side,
 * because answers that begin alike are one sequence. Of other answers, more would not be faster.
 */
export function limitsOfThread(
  { models, sampleCount, batchRows, memoryBytes }: GenerateRequest,
  count: number
): Pick<GenerateRequest, 'batchRows' | 'memoryBytes'> {
  const ofTwoPrompts = 2 * Math.min(sampleCount, ANSWERS_TOGETHER) * models.length
  return {
    batchRows: Math.max(batchRows, Math.min(ofTwoPrompts, ROWS_OF_THREAD)),
    memoryBytes: memoryBytes / count
  }
}

/** Part of a request for one thread, and the index of each of its prompts in the whole request. */
interface Part {
  readonly request: GenerateRequest
  readonly promptIndices: readonly number[]
}

/** Tokens and steps of a finished generation, over all threads. */
export type GenerationTotals = Pick<Extract<EngineGenerateEvent, { type: 'done' }>, 'tokenCount' | 'steps'>

/** Generates the answers of a request in several threads. @returns their totals, after the events of all answers */
export async function* generateInThreads(
  request: GenerateRequest,
  count: number,
  signal?: AbortSignal
): AsyncGenerator<EngineGenerateEvent, GenerationTotals> {
  throwIfCancelled(signal, 'The generation')
  await startRuntime()
  const messages = new EventEmitter()
  // The first failure ends the generation. Without a listener, a second one would end the process.
  messages.on('error', () => undefined)
  const parts = partsOf(request, count)
  const workers = parts.map(
    ({ request: workerData }) => new Worker(builtScript('generation-worker.js'), { workerData })
  )
  const stop = (): void => void messages.emit('error', cancelled('The generation'))
  signal?.addEventListener('abort', stop, { once: true })
  for (const [thread, worker] of workers.entries()) {
    worker.on('message', (message: unknown) => messages.emit('message', thread, message))
    worker.on('error', (error) => messages.emit('error', error))
  }
  const ended = Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve))))
  void ended.then(() => messages.emit('end'))
  const totals = { tokenCount: 0, steps: 0 }
  let unfinished = count
  try {
    for await (const args of on(messages, 'message', { close: ['end'] })) {
      const [thread, message] = z.tuple([z.number(), ThreadMessage]).parse(args)
      if (message.kind === 'failed') throw errorOfProblem(message.problem)
      const { event } = message
      if (event.type === 'done') {
        unfinished--
        totals.tokenCount += event.tokenCount
        totals.steps += event.steps
      } else if (event.type !== 'plan') yield inRequest(event, elementAt(parts, thread, 'part'))
    }
    if (unfinished > 0) throw new Error('a thread ended before it had generated all of its answers')
    return totals
  } finally {
    signal?.removeEventListener('abort', stop)
    // A thread that was terminated during a run of onnxruntime would end the process.
    for (const worker of workers) worker.postMessage(STOP)
    await ended
  }
}

/** Divides the prompts of a request into parts of equal size, each with its share of the memory. */
function partsOf(request: GenerateRequest, count: number): Part[] {
  const { prompts, finished } = request
  return Array.from({ length: count }, (_, part) => {
    const promptIndices = [...prompts.keys()].filter((prompt) => prompt % count === part)
    return {
      promptIndices,
      request: {
        ...request,
        prompts: promptIndices.map((prompt) => elementAt(prompts, prompt, 'prompt')),
        finished: finished.flatMap((key) =>
          key.prompt % count === part ? [{ ...key, prompt: Math.floor(key.prompt / count) }] : []
        ),
        ...limitsOfThread(request, count)
      }
    }
  })
}

type StepEvent = Extract<EngineGenerateEvent, { type: 'step' }>

/** Returns an event of a part with the prompt indices of the whole request. */
function inRequest({ type, tokens, finished }: StepEvent, { promptIndices }: Part): StepEvent {
  const withIndices = <Key extends AnswerKey>(keys: readonly Key[]): Key[] =>
    keys.map((key) => ({ ...key, prompt: elementAt(promptIndices, key.prompt, 'prompt') }))
  return { type, tokens: withIndices(tokens), finished: withIndices(finished) }
}
