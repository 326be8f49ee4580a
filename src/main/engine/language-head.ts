import type * as ort from 'onnxruntime-node'
import { decodeFloat32 } from '../checkpoint/dtype'
import { wholeModelTensors } from '../family'
import { finalNormGraph, HEAD_INPUTS, HEAD_OUTPUTS, headGraph } from '../family/head-graph'
import { floatTensor, runSession, type Device } from './device'
import type { ModelWeights } from './pair-weights'

/**
 * Weights of one vocabulary slice, 16 MiB in float32: logits of a slice stay small whatever the vocabulary, near the
 * cache, and below the size from which the allocator maps fresh pages for every run (a fifth of the head's time).
 */
const SLICE_ELEMENTS = 2 ** 22

/** Final norm and head of one model, on the positions that are asked for only. */
export interface LanguageHead {
  /** Log of the sum of exp over the whole vocabulary, for each of [rows, hidden]. */
  logSumExp(hidden: Float32Array): Promise<Float64Array>
  /** The head's rows for some tokens, to be given to `logits` as often as needed. */
  selectTokens(tokens: readonly number[]): Promise<ort.Tensor>
  /**
   * Logits of the selected tokens, [rows, tokens]; of the whole vocabulary when `selected` is null.
   *
   * @param hidden [rows, hidden], as an array or in the device's memory
   */
  logits(hidden: Float32Array | ort.Tensor, selected: ort.Tensor | null): Promise<Float32Array>
  /** Hidden states after the final norm, [rows, hidden]: what is usually taken for a text's embedding. */
  normed(hidden: Float32Array): Promise<Float32Array>
  close(): Promise<void>
}

export async function openLanguageHead(device: Device, model: ModelWeights): Promise<LanguageHead> {
  const { spec } = model
  const { finalNorm, head } = wholeModelTensors(spec)
  const { hiddenSize, vocabularySize } = spec
  const norm = await device.resident(await readRows(model, finalNorm.name, 0, hiddenSize, 1), [hiddenSize])
  const sumSession = await device.createSession(headGraph(spec, 'logSumExp'))
  const logitsSession = await device.createSession(headGraph(spec, 'logits'))
  const normSession = await device.createSession(finalNormGraph(spec))
  const sliceTokens = Math.max(1, Math.floor(SLICE_ELEMENTS / hiddenSize))
  const slices = Array.from({ length: Math.ceil(vocabularySize / sliceTokens) }, (_, i) => ({
    first: i * sliceTokens,
    count: Math.min(sliceTokens, vocabularySize - i * sliceTokens)
  }))
  const cache = new Map<number, ort.Tensor>()

  const sliceWeights = async ({ first, count }: { first: number; count: number }): Promise<ort.Tensor> => {
    const cached = cache.get(first)
    if (cached !== undefined) return cached
    const weights = await device.resident(await readRows(model, head.name, first, count, hiddenSize), [
      count,
      hiddenSize
    ])
    cache.set(first, weights)
    return weights
  }
  const asTensor = (hidden: Float32Array | ort.Tensor): ort.Tensor =>
    hidden instanceof Float32Array ? floatTensor(hidden, [hidden.length / hiddenSize, hiddenSize]) : hidden
  const feeds = (hidden: Float32Array | ort.Tensor, weights: ort.Tensor): Record<string, ort.Tensor> => ({
    [HEAD_INPUTS.hidden]: asTensor(hidden),
    [HEAD_INPUTS.finalNorm]: norm,
    [HEAD_INPUTS.head]: weights
  })

  return {
    logSumExp: async (hidden) => {
      const total = new Float64Array(hidden.length / hiddenSize).fill(-Infinity)
      for (const slice of slices) {
        const outputs = await runSession(sumSession, feeds(hidden, await sliceWeights(slice)))
        const maxima = outputs.get(HEAD_OUTPUTS.maximum) ?? new Float32Array()
        const sums = outputs.get(HEAD_OUTPUTS.sum) ?? new Float32Array()
        total.forEach((value, row) => {
          total[row] = logAddExp(value, (maxima[row] ?? 0) + Math.log(sums[row] ?? 0))
        })
      }
      return total
    },
    selectTokens: async (tokens) => {
      const rows = await Promise.all(tokens.map((token) => readRows(model, head.name, token, 1, hiddenSize)))
      const data = new Float32Array(tokens.length * hiddenSize)
      rows.forEach((row, i) => {
        data.set(row, i * hiddenSize)
      })
      return floatTensor(data, [tokens.length, hiddenSize])
    },
    logits: async (hidden, selected) => {
      if (selected !== null) {
        const outputs = await runSession(logitsSession, feeds(hidden, selected))
        return outputs.get(HEAD_OUTPUTS.logits) ?? new Float32Array()
      }
      const rowCount = asTensor(hidden).dims[0] ?? 0
      const all = new Float32Array(rowCount * vocabularySize)
      for (const slice of slices) {
        const outputs = await runSession(logitsSession, feeds(hidden, await sliceWeights(slice)))
        const part = outputs.get(HEAD_OUTPUTS.logits) ?? new Float32Array()
        for (let row = 0; row < rowCount; row++) {
          all.set(
            part.subarray(row * slice.count, (row + 1) * slice.count),
            row * vocabularySize + slice.first
          )
        }
      }
      return all
    },
    normed: async (hidden) => {
      const outputs = await runSession(normSession, {
        [HEAD_INPUTS.hidden]: asTensor(hidden),
        [HEAD_INPUTS.finalNorm]: norm
      })
      return outputs.get(HEAD_OUTPUTS.normed) ?? new Float32Array()
    },
    close: async () => {
      for (const tensor of [...cache.values(), norm]) tensor.dispose()
      await sumSession.release()
      await logitsSession.release()
      await normSession.release()
    }
  }
}

/** log(exp(a) + exp(b)) without overflow. */
function logAddExp(a: number, b: number): number {
  const high = Math.max(a, b)
  return high === -Infinity ? high : high + Math.log1p(Math.exp(Math.min(a, b) - high))
}

/** Rows of a stored matrix (or a vector, as `width` 1) in float32. */
async function readRows(
  model: ModelWeights,
  name: string,
  first: number,
  count: number,
  width: number
): Promise<Float32Array> {
  const data = new Float32Array(count * width)
  decodeFloat32(await model.reader.readRows(name, first, count), model.dtype(name), data)
  return data
}
