import { setImmediate as nextTurn } from 'node:timers/promises'
import type * as ort from 'onnxruntime-node'
import { decodeFloat32 } from '../../checkpoint/dtype'
import { wholeModelTensors, type DecoderSpec } from '../../family'
import { finalNormGraph, HEAD_INPUTS, HEAD_OUTPUTS, headGraph } from '../../graphs/head-graph'
import { floatsOf, floatTensor, runSession, type Device } from '../device/device'
import type { ModelWeights } from '../weights/pair-weights'
import { OneStepPrefetch } from '../weights/one-step-prefetch'
import type { DrawnRows, Draws } from './draws'
import type { ReleasableWeights } from '../weights/read-ahead'
import type { Origin } from '../tries/recipe-trie'
import { setColumns } from '../rows/rows'
import { gatherFloatRows, readFinalNorm } from '../weights/stored-rows'
import type { WeightRead } from '../weights/weight-decoder'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { throwIfCancelled } from '../../base/files/cancelling'

// The language head, which turns states after the last layer into logits. Its weights are read and computed in slices
// of the vocabulary, because a whole head of a large model takes gigabytes.

export interface HeadSize {
  /** Maximum weights and tokens of a vocabulary slice. */
  readonly sliceElements: number
  readonly sliceTokens: number
  /** Final states go through a slice in batches of this many rows. */
  readonly rows: number
  /** Maximum bytes of logits in main memory, in addition to one batch. */
  readonly logitBytes: number
}

/** A slice of 16 MiB, whose logits stay near the cache and below the size that is mapped anew for every run. */
const IN_MEMORY: HeadSize = { sliceElements: 2 ** 22, sliceTokens: Infinity, rows: 512, logitBytes: 2 ** 26 }

/** Larger slices and batches, for devices that copy weights and states for each run. */
const COPIED: HeadSize = { sliceElements: 2 ** 25, sliceTokens: 2 ** 13, rows: 4096, logitBytes: 2 ** 30 }

export const headSize = (copiesTensors: boolean): HeadSize => (copiesTensors ? COPIED : IN_MEMORY)

/** Tokens `first` to `first + count - 1` of the vocabulary. */
export interface HeadSlice {
  readonly first: number
  readonly count: number
}

export type SliceReader = (slice: HeadSlice) => Promise<ReleasableWeights>

export interface SliceDone {
  readonly type: 'slice'
  /** Share of the pass that this slice was, from 0 to 1. */
  readonly share: number
  /** Milliseconds of reading and converting the slice, of converting only, and of waiting for it. */
  readonly readMs: number
  readonly convertMs: number
  readonly waitMs: number
}

export type HeadEvent<Values> = SliceDone | { readonly type: 'done'; readonly values: Values }

/** Probabilities of the next tokens after rows `first` to `first + count - 1`. */
export interface RowsDrawn {
  readonly type: 'drawn'
  readonly first: number
  readonly count: number
  readonly next: DrawnRows
}

interface BatchDone<Result> {
  readonly type: 'batch'
  readonly first: number
  readonly result: Result
}

/**
 * The final norm and head of one model, with two slices in memory at most. In all functions, `hidden` are states after
 * the last layer, [rows, finalRowSize].
 */
export interface LanguageHead {
  /** Computes the log of the sum of exp over the whole vocabulary, [rows]. NaN where a logit is not finite. */
  logSums(hidden: Float32Array, signal?: AbortSignal): AsyncGenerator<HeadEvent<Float64Array>>
  /**
   * Computes the logits of the whole vocabulary, [rows, vocabulary].
   * @param into memory of at least this size, which receives them
   * @throws WorkbenchError as `logSums`
   */
  logits(hidden: Float32Array, signal?: AbortSignal, into?: Float32Array): AsyncGenerator<HeadEvent<Float32Array>>
  /** Computes probabilities under samplers of temperature and min-p. @param maxRows rows of logits in memory at once */
  drawn(
    hidden: Float32Array,
    draws: Draws,
    targetsOf: (row: number) => readonly number[],
    maxRows: number,
    signal?: AbortSignal
  ): AsyncGenerator<SliceDone | RowsDrawn>
  /** Computes the logits of some tokens, [rows, tokens]. */
  logitsOf(hidden: Float32Array, tokens: readonly number[]): Promise<Float32Array>
  /** Computes the states after the final norm, [rows, hidden], which are usually used as the embedding of a text. */
  normed(hidden: Float32Array): Promise<Float32Array>
  close(): Promise<void>
}

export function sliceTokens({ hiddenSize, vocabularySize }: DecoderSpec, size: HeadSize): number {
  const maxTokens = Math.min(Math.floor(size.sliceElements / hiddenSize), size.sliceTokens)
  return Math.min(vocabularySize, Math.max(1, maxTokens))
}

export function headSlices(spec: DecoderSpec, size: HeadSize): HeadSlice[] {
  const { vocabularySize } = spec
  const step = sliceTokens(spec, size)
  return Array.from({ length: Math.ceil(vocabularySize / step) }, (_, i) => ({
    first: i * step,
    count: Math.min(step, vocabularySize - i * step)
  }))
}

export function sliceRead(spec: DecoderSpec, origin: Origin, { first, count }: HeadSlice): WeightRead {
  const { hiddenSize } = spec
  const { name } = wholeModelTensors(spec).head
  return { name, first: first * hiddenSize, count: count * hiddenSize, source: origin, keep: [] }
}

/** Reads a slice in this thread, into newly allocated memory. */
export async function readSlice(model: ModelWeights, { first, count }: HeadSlice): Promise<ReleasableWeights> {
  const startedMs = performance.now()
  const { name } = wholeModelTensors(model.spec).head
  const data = new Float32Array(count * model.spec.hiddenSize)
  const bytes = await model.reader.readRows(name, first, count)
  const convertedFromMs = performance.now()
  decodeFloat32(bytes, model.dtype(name), data)
  const endedMs = performance.now()
  return {
    arrays: [data],
    bytesRead: bytes.byteLength,
    readMs: endedMs - startedMs,
    convertMs: endedMs - convertedFromMs,
    release: () => undefined
  }
}

/** Runs a pass over the vocabulary and returns its values. */
export async function valuesOf<Values>(events: AsyncIterable<HeadEvent<Values>>): Promise<Values> {
  for await (const event of events) if (event.type === 'done') return event.values
  throw new Error('a pass over the vocabulary ended without its values')
}

/** Opens a model's head. @param read reads slices; by default this thread reads them from the model's files */
export async function openLanguageHead(
  device: Device,
  model: ModelWeights,
  read: SliceReader = (slice) => readSlice(model, slice)
): Promise<LanguageHead> {
  const norm = await readFinalNorm(model)
  return new SlicedHead(device, model, read, floatTensor(norm, [norm.length]))
}

const HEAD_GRAPHS = {
  sums: (spec: DecoderSpec) => headGraph(spec, 'logSumExp'),
  logits: (spec: DecoderSpec) => headGraph(spec, 'logits'),
  norm: finalNormGraph
}

/** A range of the states that go through the head, [rows, finalRowSize], beginning with row `first`. */
interface Batch {
  readonly first: number
  readonly rows: ort.Tensor
}

class SlicedHead implements LanguageHead {
  private readonly finalRowSize: number
  private readonly vocabularySize: number
  private readonly size: HeadSize
  private readonly sessions = new Map<keyof typeof HEAD_GRAPHS, Promise<ort.InferenceSession>>()

  constructor(
    private readonly device: Device,
    private readonly model: ModelWeights,
    private readonly read: SliceReader,
    private readonly norm: ort.Tensor
  ) {
    this.finalRowSize = model.spec.finalRowSize
    this.vocabularySize = model.spec.vocabularySize
    this.size = headSize(device.copiesTensors)
  }

  async *logSums(hidden: Float32Array, signal?: AbortSignal): AsyncGenerator<HeadEvent<Float64Array>> {
    const values = new Float64Array(hidden.length / this.finalRowSize).fill(-Infinity)
    const pass = this.pass(hidden, signal, async (batch, head) => {
      const outputs = await runSession(await this.session('sums'), this.feeds(batch.rows, head))
      const sums = mapGet(outputs, HEAD_OUTPUTS.sum, 'output')
      const totals = mapGet(outputs, HEAD_OUTPUTS.total, 'output')
      mapGet(outputs, HEAD_OUTPUTS.maximum, 'output').forEach((maximum, i) => {
        const row = batch.first + i
        values[row] = Number.isFinite(totals[i])
          ? logAddExp(elementAt(values, row, 'row'), maximum + Math.log(elementAt(sums, i, 'sum')))
          : NaN
      })
    })
    for await (const event of pass) if (event.type === 'slice') yield event
    yield { type: 'done', values }
  }

  async *logits(
    hidden: Float32Array,
    signal?: AbortSignal,
    into?: Float32Array
  ): AsyncGenerator<HeadEvent<Float32Array>> {
    const { vocabularySize } = this
    const length = (hidden.length / this.finalRowSize) * vocabularySize
    const values = into?.subarray(0, length) ?? new Float32Array(length)
    const pass = this.pass(hidden, signal, async (batch, head, slice) => {
      const rows = values.subarray(batch.first * vocabularySize)
      setColumns(rows, vocabularySize, await this.runLogits(batch.rows, head), slice)
    })
    for await (const event of pass) if (event.type === 'slice') yield event
    yield { type: 'done', values }
  }

  async *drawn(
    hidden: Float32Array,
    draws: Draws,
    targetsOf: (row: number) => readonly number[],
    maxRows: number,
    signal?: AbortSignal
  ): AsyncGenerator<SliceDone | RowsDrawn> {
    const rowCount = hidden.length / this.finalRowSize
    const targetsFrom = (first: number, count: number): (readonly number[])[] =>
      Array.from({ length: count }, (_, i) => targetsOf(first + i))
    if (sliceTokens(this.model.spec, this.size) === this.vocabularySize) {
      const pass = this.pass(hidden, signal, async ({ first, rows }, head) => {
        const count = elementAt(rows.dims, 0, 'dimension')
        const targets = targetsFrom(first, count)
        return { count, next: await draws.ofHidden(this.model.spec, this.feeds(rows, head), targets) }
      })
      for await (const event of pass)
        yield event.type === 'slice' ? event : { type: 'drawn', first: event.first, ...event.result }
      return
    }
    const memory = new Float32Array(Math.min(maxRows, rowCount) * this.vocabularySize)
    for (let first = 0; first < rowCount; first += maxRows) {
      const count = Math.min(maxRows, rowCount - first)
      const piece = hidden.subarray(first * this.finalRowSize, (first + count) * this.finalRowSize)
      for await (const event of this.logits(piece, signal, memory)) {
        if (event.type === 'slice') yield { ...event, share: (event.share * count) / rowCount }
        else {
          const next = await draws.ofLogits(event.values, targetsFrom(first, count))
          yield { type: 'drawn', first, count, next }
        }
      }
    }
  }

  async logitsOf(hidden: Float32Array, tokens: readonly number[]): Promise<Float32Array> {
    const { hiddenSize } = this.model.spec
    const { name } = wholeModelTensors(this.model.spec).head
    const rows = await gatherFloatRows(this.model, name, tokens, hiddenSize)
    const head = await this.device.resident(rows, [tokens.length, hiddenSize])
    const values = new Float32Array((hidden.length / this.finalRowSize) * tokens.length)
    try {
      for (const batch of this.batches(hidden))
        values.set(await this.runLogits(batch.rows, head), batch.first * tokens.length)
    } finally {
      head.dispose()
    }
    return values
  }

  async normed(hidden: Float32Array): Promise<Float32Array> {
    const { hiddenSize } = this.model.spec
    const values = new Float32Array((hidden.length / this.finalRowSize) * hiddenSize)
    for (const { first, rows } of this.batches(hidden)) {
      const outputs = await runSession(await this.session('norm'), {
        [HEAD_INPUTS.hidden]: rows,
        [HEAD_INPUTS.finalNorm]: this.norm
      })
      values.set(mapGet(outputs, HEAD_OUTPUTS.normed, 'output'), first * hiddenSize)
    }
    return values
  }

  async close(): Promise<void> {
    // Sessions that could not be created are skipped, because the request for them has failed already.
    for (const outcome of await Promise.allSettled(this.sessions.values()))
      if (outcome.status === 'fulfilled') await outcome.value.release()
  }

  private session(name: keyof typeof HEAD_GRAPHS): Promise<ort.InferenceSession> {
    const existing = this.sessions.get(name)
    if (existing !== undefined) return existing
    const session = this.device.createSession(HEAD_GRAPHS[name](this.model.spec))
    this.sessions.set(name, session)
    return session
  }

  /** Takes every batch of the states through every slice, slice by slice. @param use computes a batch on a slice */
  private async *pass<Result>(
    hidden: Float32Array,
    signal: AbortSignal | undefined,
    use: (batch: Batch, head: ort.Tensor, slice: HeadSlice) => Promise<Result>
  ): AsyncGenerator<SliceDone | BatchDone<Result>> {
    const { vocabularySize } = this
    const slices = headSlices(this.model.spec, this.size)
    // The states are uploaded once, because every slice reads them.
    const batches: Batch[] = []
    let head: ort.Tensor | null = null
    try {
      for (const { first, rows } of this.batches(hidden)) {
        batches.push({ first, rows: await this.device.resident(floatsOf(rows), rows.dims) })
      }
      const weights = new OneStepPrefetch(slices, this.read)
      for (const slice of slices) {
        const { read: sliceWeights, waitMs } = await weights.next()
        head = await this.device.resident(elementAt(sliceWeights.arrays, 0, 'array'), [
          slice.count,
          this.model.spec.hiddenSize
        ])
        for (const batch of batches) {
          throwIfCancelled(signal, 'The run')
          yield { type: 'batch', first: batch.first, result: await use(batch, head, slice) }
          // Inference blocks the thread. Yield, so that a cancellation can arrive.
          await nextTurn()
        }
        head.dispose()
        head = null
        sliceWeights.release()
        const { readMs, convertMs } = sliceWeights
        yield { type: 'slice', share: slice.count / vocabularySize, readMs, convertMs, waitMs }
      }
    } finally {
      // A pass that ends early has these tensors in the device's memory, whose size no garbage collector knows.
      head?.dispose()
      for (const { rows } of batches) rows.dispose()
    }
  }

  /** Divides states into batches of limited size, without a copy. */
  private *batches(hidden: Float32Array): Generator<Batch> {
    const { finalRowSize } = this
    const { rows } = this.size
    for (let first = 0; first < hidden.length / finalRowSize; first += rows) {
      const data = hidden.subarray(first * finalRowSize, (first + rows) * finalRowSize)
      yield { first, rows: floatTensor(data, [data.length / finalRowSize, finalRowSize]) }
    }
  }

  private feeds(rows: ort.Tensor, head: ort.Tensor): Record<string, ort.Tensor> {
    return { [HEAD_INPUTS.hidden]: rows, [HEAD_INPUTS.finalNorm]: this.norm, [HEAD_INPUTS.head]: head }
  }

  private async runLogits(rows: ort.Tensor, head: ort.Tensor): Promise<Float32Array> {
    const outputs = await runSession(await this.session('logits'), this.feeds(rows, head))
    return mapGet(outputs, HEAD_OUTPUTS.logits, 'output')
  }
}

function logAddExp(a: number, b: number): number {
  const high = Math.max(a, b)
  return high === -Infinity ? high : high + Math.log1p(Math.exp(Math.min(a, b) - high))
}
