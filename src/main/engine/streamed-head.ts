import { setImmediate as nextTurn } from 'node:timers/promises'
import type * as ort from 'onnxruntime-node'
import { WorkbenchError } from '../../contract/problem'
import { decodeFloat32, DTYPE_BYTES } from '../checkpoint/dtype'
import { wholeModelTensors, type DecoderSpec } from '../family'
import { HEAD_INPUTS, HEAD_OUTPUTS, headGraph } from '../family/head-graph'
import { floatTensor, runSession, type Device } from './device'
import { memberOf, type ModelWeights, type PairWeights } from './pair-weights'
import type { LentWeights, ReadAhead } from './read-ahead'
import type { Origin } from './recipe-trie'
import type { WeightRead } from './weight-decoder'

/**
 * Weights of one vocabulary slice, 16 MiB in float32: logits of a slice stay small whatever the vocabulary, near the
 * cache, and below the size from which the allocator maps fresh pages for every run (a fifth of the head's time).
 */
const SLICE_ELEMENTS = 2 ** 22

/** Final states go through a slice in batches of this many rows. */
export const HEAD_ROWS = 512

/** Final norm and head of one origin over many final states, the head's weights read once and never all in memory. */
export interface HeadRun {
  readonly device: Device
  readonly pair: PairWeights
  readonly origin: Origin
  readonly weights: ReadAhead
  /** States after the last layer, [rows, hidden]. */
  readonly hidden: Float32Array
  /** Tokens whose logits are wanted; null: the whole vocabulary's, for whoever samples. */
  readonly tokens: readonly number[] | null
  readonly signal?: AbortSignal
}

export type HeadEvent =
  | {
      readonly type: 'slice'
      /** Of the vocabulary. */
      readonly share: number
      readonly readMs: number
      readonly waitMs: number
    }
  | {
      readonly type: 'scored'
      /** Log of the sum of exp over the whole vocabulary, [rows]; nothing when all logits are wanted. */
      readonly logSums: Float64Array
      /** Of the wanted tokens, [rows, tokens]. */
      readonly logits: Float32Array
    }

/**
 * What is read for each slice of the vocabulary: rows of the head, in order.
 */
export function headReads(spec: DecoderSpec, origin: Origin): WeightRead[] {
  const { hiddenSize, vocabularySize } = spec
  const tokens = sliceTokens(spec)
  return Array.from({ length: Math.ceil(vocabularySize / tokens) }, (_, i) => ({
    name: wholeModelTensors(spec).head.name,
    first: i * tokens * hiddenSize,
    count: Math.min(tokens, vocabularySize - i * tokens) * hiddenSize,
    source: origin,
    keep: []
  }))
}

/** Tokens of a full slice. */
export function sliceTokens({ hiddenSize, vocabularySize }: DecoderSpec): number {
  return Math.min(vocabularySize, Math.max(1, Math.floor(SLICE_ELEMENTS / hiddenSize)))
}

/** @throws WorkbenchError when the weights cannot be read, or `signal` fires */
export async function* runHead(run: HeadRun): AsyncGenerator<HeadEvent> {
  const { weights, tokens } = run
  const { spec } = memberOf(run.pair, run.origin)
  const { hiddenSize, vocabularySize } = spec
  const rowCount = run.hidden.length / hiddenSize
  const graphs = await openHeadGraphs(run)
  let resident: ort.Tensor | null = null
  const slices = headReads(spec, run.origin)
  const read = (index: number): Promise<LentWeights> | null => {
    const slice = slices[index]
    if (slice === undefined) return null
    const reading = weights.read([slice])
    // A read that fails while nobody awaits it yet must not count as unhandled.
    reading.catch(() => undefined)
    return reading
  }
  try {
    const logSums = new Float64Array(tokens === null ? 0 : rowCount).fill(-Infinity)
    const logits = new Float32Array(rowCount * (tokens?.length ?? vocabularySize))
    let ahead = read(0)
    for (const [index, slice] of slices.entries()) {
      const waitingSinceMs = performance.now()
      const lent = await ahead
      const waitMs = performance.now() - waitingSinceMs
      ahead = read(index + 1)
      const width = slice.count / hiddenSize
      resident = await run.device.resident(lent?.arrays[0] ?? new Float32Array(), [width, hiddenSize])
      for (let first = 0; first < rowCount; first += HEAD_ROWS) {
        if (run.signal?.aborted === true) throw new WorkbenchError('cancelled', 'The run was cancelled.')
        if (tokens === null) {
          const part = await graphs.logits(first, resident)
          const column = slice.first / hiddenSize
          for (let row = 0; row * width < part.length; row++) {
            logits.set(part.subarray(row * width, (row + 1) * width), (first + row) * vocabularySize + column)
          }
        } else {
          const sums = await graphs.logSumExp(first, resident)
          sums.forEach((sum, i) => {
            logSums[first + i] = logAddExp(logSums[first + i] ?? 0, sum)
          })
        }
        // Inference blocks the thread: let a cancel come in.
        await nextTurn()
      }
      resident.dispose()
      resident = null
      lent?.release()
      yield { type: 'slice', share: width / vocabularySize, readMs: lent?.readMs ?? 0, waitMs }
    }

    if (tokens !== null && tokens.length > 0) {
      const { head } = wholeModelTensors(spec)
      const rows = await readRows(memberOf(run.pair, run.origin), head.name, tokens, hiddenSize)
      const selected = floatTensor(rows, [tokens.length, hiddenSize])
      for (let first = 0; first < rowCount; first += HEAD_ROWS) {
        logits.set(await graphs.logits(first, selected), first * tokens.length)
      }
    }
    yield { type: 'scored', logSums, logits }
  } finally {
    resident?.dispose()
    await graphs.close()
  }
}

/** The head's graphs over a batch of final states, from row `first` on, and some rows of the head, [tokens, hidden]. */
interface HeadGraphs {
  /** [rows, tokens] */
  logits(first: number, head: ort.Tensor): Promise<Float32Array>
  /** Log of the sum of exp over these tokens, [rows]. */
  logSumExp(first: number, head: ort.Tensor): Promise<Float64Array>
  close(): Promise<void>
}

async function openHeadGraphs({ device, pair, origin, hidden }: HeadRun): Promise<HeadGraphs> {
  const model = memberOf(pair, origin)
  const { hiddenSize } = model.spec
  const { finalNorm } = wholeModelTensors(model.spec)
  const norm = floatTensor(await readRows(model, finalNorm.name, [0], hiddenSize), [hiddenSize])
  const sumSession = await device.createSession(headGraph(model.spec, 'logSumExp'))
  const logitsSession = await device.createSession(headGraph(model.spec, 'logits'))
  // Every slice reads them again, so they go to the device once.
  const batches = new Map<number, ort.Tensor>()
  const batch = async (first: number): Promise<ort.Tensor> => {
    const rows = hidden.subarray(first * hiddenSize, (first + HEAD_ROWS) * hiddenSize)
    const known = batches.get(first) ?? (await device.resident(rows, [rows.length / hiddenSize, hiddenSize]))
    batches.set(first, known)
    return known
  }
  const feeds = async (first: number, head: ort.Tensor): Promise<Record<string, ort.Tensor>> => ({
    [HEAD_INPUTS.hidden]: await batch(first),
    [HEAD_INPUTS.finalNorm]: norm,
    [HEAD_INPUTS.head]: head
  })
  return {
    logits: async (first, head) => {
      const outputs = await runSession(logitsSession, await feeds(first, head))
      return outputs.get(HEAD_OUTPUTS.logits) ?? new Float32Array()
    },
    logSumExp: async (first, head) => {
      const outputs = await runSession(sumSession, await feeds(first, head))
      const sums = outputs.get(HEAD_OUTPUTS.sum) ?? new Float32Array()
      return Float64Array.from(
        outputs.get(HEAD_OUTPUTS.maximum) ?? [],
        (maximum, i) => maximum + Math.log(sums[i] ?? 0)
      )
    },
    close: async () => {
      for (const rows of batches.values()) rows.dispose()
      await sumSession.release()
      await logitsSession.release()
    }
  }
}

/** log(exp(a) + exp(b)) without overflow. */
function logAddExp(a: number, b: number): number {
  const high = Math.max(a, b)
  return high === -Infinity ? high : high + Math.log1p(Math.exp(Math.min(a, b) - high))
}

/** Some rows of `width` elements of a stored tensor, end to end in float32. */
async function readRows(
  model: ModelWeights,
  name: string,
  rows: readonly number[],
  width: number
): Promise<Float32Array> {
  const data = new Float32Array(rows.length * width)
  const dtype = model.dtype(name)
  await Promise.all(
    rows.map(async (row, i) => {
      const bytes = new Uint8Array(width * DTYPE_BYTES[dtype])
      await model.reader.readInto(name, row * bytes.byteLength, bytes)
      decodeFloat32(bytes, dtype, data.subarray(i * width, (i + 1) * width))
    })
  )
  return data
}
