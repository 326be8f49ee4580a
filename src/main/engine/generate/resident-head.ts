import type * as ort from 'onnxruntime-node'
import type { HeldWeights, Sampling } from '../../../contract/model/sampling'
import { wholeModelTensors, type DecoderSpec } from '../../family'
import { DRAW_INPUTS, drawGraph, DRAWN_TOKENS, type GraphDrawing } from '../../graphs/draw-graph'
import {
  HEAD_FILE,
  HEAD_INPUTS,
  HEAD_OUTPUTS,
  headLayout,
  headWeights,
  residentHeadGraph
} from '../../graphs/head-graph'
import { heldBytes, layoutBytes } from '../../graphs/held-weights'
import { doubleTensor, floatsOf, floatTensor, runInPlace, runSession, type Device } from '../device/device'
import type { ModelWeights } from '../weights/pair-weights'
import { packRows } from '../weights/quantise'
import { joinArrays, setColumns } from '../rows/rows'
import { readFinalNorm, readFloatRows } from '../weights/stored-rows'
import { at, got } from '../../../contract/model/look-up'

/** States after the last layer, [rows, hidden]. */
export type HiddenRows = Float32Array | ort.Tensor

/** Rows of the head are read and rounded so many elements at a time: as floats all of them take several times as much. */
const READ_ELEMENTS = 2 ** 22

/**
 * Weights of one session at most. Opening one takes its weights up to four times; a device of its own memory may have no larger buffers, and a
 * process of Chromium's none of 2 GiB.
 */
const SESSION_ELEMENTS = 2 ** 26

/** Rows of one run at most: it bounds the memory of their logits, which is used again by the next run. */
export const RUN_ROWS = 64

/** Final norm and head of one model, held for generating as the blocks are. */
export interface ResidentHead {
  /** Logits of the whole vocabulary for each of [rows, hidden], which may lie on the device: [rows, vocabulary]. */
  logits(hidden: HiddenRows): Promise<Float32Array>
  /**
   * Draws a token of each row where the logits are, with a uniform number for each; null where the sampling or the device
   * asks for the engine's sampler. Logits of many rows are tens of megabytes, which here nobody copies. NaN for a row
   * that has a logit which is not finite.
   */
  readonly draw: ((hidden: HiddenRows, uniforms: readonly number[]) => Promise<number[]>) | null
  close(): Promise<void>
}

/** Bytes that one model's head takes beside blocks held in `weights`. */
export function residentHeadBytes(spec: DecoderSpec, weights: HeldWeights): number {
  const held = headWeights(weights)
  return heldBytes(headLayout(spec, held, spec.vocabularySize), held)
}

/** Of those, what one session is given. */
export function headSessionBytes(spec: DecoderSpec, weights: HeldWeights): number {
  const held = headWeights(weights)
  return layoutBytes(headLayout(spec, held, Math.min(spec.vocabularySize, tokensOfSession(spec.hiddenSize))))
}

function tokensOfSession(hiddenSize: number, elements = SESSION_ELEMENTS): number {
  return Math.max(1, Math.floor(elements / hiddenSize))
}

/**
 * @param sampling with which tokens will be drawn; left out, there are logits alone
 * @param sessionElements weights of one session at most
 */
export async function openResidentHead(
  device: Device,
  model: ModelWeights,
  blockWeights: HeldWeights,
  sampling?: Sampling,
  sessionElements = SESSION_ELEMENTS
): Promise<ResidentHead> {
  const weights = headWeights(blockWeights)
  const { hiddenSize, vocabularySize } = model.spec
  // What draws must have float64.
  const drawing = device.name === 'cpu' && sampling !== undefined ? graphDrawing(sampling) : null
  const tokensPerSession = tokensOfSession(hiddenSize, sessionElements)
  const parts: HeadPart[] = []
  let drawer: ort.InferenceSession | null = null
  try {
    for (let first = 0; first < vocabularySize; first += tokensPerSession) {
      const count = Math.min(tokensPerSession, vocabularySize - first)
      const session = await device.createSession(residentHeadGraph(model.spec, weights, count), {
        files: [{ path: HEAD_FILE, data: await readHeld(model, weights, first, count) }],
        keepsMemory: true
      })
      parts.push({ first, count, session })
    }
    if (drawing !== null) {
      const slices = parts.map(({ count }) => count)
      drawer = await device.createSession(drawGraph(slices, drawing), { keepsMemory: true })
    }
  } catch (error) {
    // Memory may have run out half way; the engine lives on, and must not keep what it cannot use.
    for (const { session } of parts) await session.release()
    throw error
  }
  return new SplitHead(model.spec, parts, drawer)
}

/** Some tokens of the vocabulary, and what computes their logits. */
interface HeadPart {
  readonly first: number
  readonly count: number
  readonly session: ort.InferenceSession
}

/** A head in slices of the vocabulary, each a session, and one that draws from their logits. */
class SplitHead implements ResidentHead {
  readonly draw: ResidentHead['draw']
  /** Logits of each part, written by one run after the other: fresh pages would take a tenth of a step. */
  private logitsOfParts: Float32Array[] = []

  constructor(
    private readonly spec: DecoderSpec,
    private readonly parts: readonly HeadPart[],
    private readonly drawer: ort.InferenceSession | null
  ) {
    this.draw =
      drawer === null ? null : (hidden, uniforms) => this.drawTokens(floatRows(hidden), uniforms, drawer)
  }

  async logits(hidden: HiddenRows): Promise<Float32Array> {
    const outputs: Float32Array[] = []
    for (const { session } of this.parts) outputs.push(await this.logitsOf(session, hidden))
    const [only] = outputs
    if (only !== undefined && outputs.length === 1) return only
    const all = new Float32Array(outputs.reduce((sum, part) => sum + part.length, 0))
    for (const [i, part] of this.parts.entries()) {
      setColumns(all, this.spec.vocabularySize, at(outputs, i, 'output'), part)
    }
    return all
  }

  async close(): Promise<void> {
    for (const { session } of this.parts) await session.release()
    await this.drawer?.release()
  }

  private async drawTokens(
    hidden: Float32Array,
    uniforms: readonly number[],
    drawer: ort.InferenceSession
  ): Promise<number[]> {
    const tokens: number[] = []
    for (const { first, rows, count } of this.batches(hidden)) {
      const numbers = Float64Array.from(uniforms.slice(first, first + count))
      const feeds: Record<string, ort.Tensor> = {
        [DRAW_INPUTS.uniforms]: doubleTensor(numbers, [count, 1])
      }
      for (const [slice, part] of this.parts.entries()) {
        const logits = floatTensor(this.memoryOf(slice, count * part.count), [count, part.count])
        await runInPlace(part.session, { [HEAD_INPUTS.hidden]: rows }, { [HEAD_OUTPUTS.logits]: logits })
        feeds[DRAW_INPUTS.logits(slice)] = logits
      }
      tokens.push(...got(await runSession(drawer, feeds), DRAWN_TOKENS, 'output'))
    }
    return tokens
  }

  private async logitsOf(session: ort.InferenceSession, hidden: HiddenRows): Promise<Float32Array> {
    const run = async (rows: ort.Tensor): Promise<Float32Array> =>
      got(await runSession(session, { [HEAD_INPUTS.hidden]: rows }), HEAD_OUTPUTS.logits, 'output')
    if (!(hidden instanceof Float32Array)) return run(hidden)
    const results: Float32Array[] = []
    for (const { rows } of this.batches(hidden)) results.push(await run(rows))
    return joinArrays(results)
  }

  /** Batches of one size, so that none is a lone row, which would be computed by other kernels. */
  private *batches(hidden: Float32Array): Generator<{ first: number; rows: ort.Tensor; count: number }> {
    const { hiddenSize } = this.spec
    const rowCount = hidden.length / hiddenSize
    const batchRows = Math.ceil(rowCount / Math.ceil(rowCount / RUN_ROWS))
    for (let first = 0; first < rowCount; first += batchRows) {
      const end = Math.min(first + batchRows, rowCount)
      const count = end - first
      const rows = floatTensor(hidden.subarray(first * hiddenSize, end * hiddenSize), [count, hiddenSize])
      yield { first, rows, count }
    }
  }

  private memoryOf(slice: number, length: number): Float32Array {
    const held = this.logitsOfParts[slice]
    if (held !== undefined && held.length >= length) return held.subarray(0, length)
    const memory = new Float32Array(length)
    this.logitsOfParts[slice] = memory
    return memory
  }
}

function floatRows(hidden: HiddenRows): Float32Array {
  return hidden instanceof Float32Array ? hidden : floatsOf(hidden)
}

/** What the graph of a head can draw with; null for what looks at single tokens or sorts them. */
function graphDrawing({ temperature, topK, topP, minP, repetitionPenalty }: Sampling): GraphDrawing | null {
  if (temperature === 0 || topK !== null || topP !== 1 || repetitionPenalty !== 1) return null
  return { temperature, minP }
}

/** Final norm and `tokenCount` rows of the head from `firstToken` on, as the bytes of their layout. */
async function readHeld(
  model: ModelWeights,
  weights: 'fp32' | 'int8',
  firstToken: number,
  tokenCount: number
): Promise<Uint8Array> {
  const { hiddenSize } = model.spec
  const { head } = wholeModelTensors(model.spec)
  const layout = headLayout(model.spec, weights, tokenCount)
  const packed = new Uint8Array(layoutBytes(layout))
  const rowsAtATime = Math.max(1, Math.floor(READ_ELEMENTS / hiddenSize))
  for (const tensor of layout) {
    if (tensor.name === HEAD_INPUTS.finalNorm) {
      packRows(packed, tensor, await readFinalNorm(model), 0, weights)
      continue
    }
    for (let first = 0; first < tokenCount; first += rowsAtATime) {
      const count = Math.min(rowsAtATime, tokenCount - first)
      const rows = await readFloatRows(model, head.name, firstToken + first, count, hiddenSize)
      packRows(packed, tensor, rows, first, weights)
    }
  }
  return packed
}
