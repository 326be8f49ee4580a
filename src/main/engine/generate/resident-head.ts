import type * as ort from 'onnxruntime-node'
import { type WeightStorage, minPDraw, type Sampling } from '../../../contract/model/sampling'
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
import { sessionBytes, layoutBytes } from '../../graphs/resident-weights'
import { doubleTensor, floatsOf, floatTensor, runInPlace, runSession, type Device } from '../device/device'
import type { ModelWeights } from '../weights/pair-weights'
import { packRows } from '../weights/quantise'
import { joinArrays, setColumns } from '../rows/rows'
import { readFinalNorm, readFloatRows } from '../weights/stored-rows'
import { elementAt, mapGet } from '../../../contract/model/look-up'

/* The language head, which turns states into logits, in memory during generation. */

/** States after the last layer, [rows, finalRowSize], in main memory or on the device. */
export type HiddenRows = Float32Array | ort.Tensor

/** Elements of the head that are read and rounded at a time, because floats take several times as much memory. */
const READ_ELEMENTS = 2 ** 22

/** The maximum weights of one session. Opening takes four times as much, and devices and Chromium limit buffers. */
const SESSION_ELEMENTS = 2 ** 26

/** The maximum rows of one run. It limits the memory of their logits, which the next run reuses. */
export const RUN_ROWS = 64

export interface ResidentHead {
  /** Computes the logits of the whole vocabulary, [rows, vocabulary], from states that may be on the device. */
  logits(hidden: HiddenRows): Promise<Float32Array>
  /** Draws a token of each row in a graph. @returns NaN for a logit that is not finite; null if no graph can draw it */
  draw(hidden: HiddenRows, sampling: Sampling, uniforms: readonly number[]): Promise<number[] | null>
  close(): Promise<void>
}

export function residentHeadBytes(spec: DecoderSpec, storage: WeightStorage): number {
  const weightType = headWeights(storage)
  return sessionBytes(headLayout(spec, weightType, spec.vocabularySize), weightType)
}

export function headSessionBytes(spec: DecoderSpec, storage: WeightStorage): number {
  const weightType = headWeights(storage)
  return layoutBytes(headLayout(spec, weightType, Math.min(spec.vocabularySize, tokensOfSession(spec.hiddenSize))))
}

function tokensOfSession(hiddenSize: number, elements = SESSION_ELEMENTS): number {
  return Math.max(1, Math.floor(elements / hiddenSize))
}

/** Opens the head of a model, with at most `sessionElements` weights in one session. */
export async function openResidentHead(
  device: Device,
  model: ModelWeights,
  blockStorage: WeightStorage,
  sessionElements = SESSION_ELEMENTS
): Promise<ResidentHead> {
  const weights = headWeights(blockStorage)
  const { hiddenSize, vocabularySize } = model.spec
  const tokensPerSession = tokensOfSession(hiddenSize, sessionElements)
  const parts: HeadPart[] = []
  try {
    for (let first = 0; first < vocabularySize; first += tokensPerSession) {
      const count = Math.min(tokensPerSession, vocabularySize - first)
      const session = await device.createSession(residentHeadGraph(model.spec, weights, count), {
        files: [{ path: HEAD_FILE, data: await readPackedHead(model, weights, first, count) }],
        keepsMemory: true
      })
      parts.push({ first, count, session })
    }
  } catch (error) {
    // Memory may have run out half way. The engine continues, so the opened sessions must be released.
    for (const { session } of parts) await session.release()
    throw error
  }
  return new SplitHead(device, model.spec, parts)
}

interface HeadPart {
  readonly first: number
  readonly count: number
  readonly session: ort.InferenceSession
}

interface Drawer {
  readonly drawing: GraphDrawing
  readonly session: ort.InferenceSession
}

/** A head in slices of the vocabulary, each a session, with a session that draws from their logits. */
class SplitHead implements ResidentHead {
  /** The drawer for the latest sampling. Earlier drawers are closed, because each holds memory for weights. */
  private drawer: Drawer | null = null
  /** Logits of each part, whose memory all runs reuse. Fresh pages would take a tenth of a step. */
  private logitsOfParts: Float32Array[] = []

  constructor(
    private readonly device: Device,
    private readonly spec: DecoderSpec,
    private readonly parts: readonly HeadPart[]
  ) {}

  async draw(hidden: HiddenRows, sampling: Sampling, uniforms: readonly number[]): Promise<number[] | null> {
    // The drawing graph needs float64.
    const drawing = this.device.name === 'cpu' ? minPDraw(sampling) : null
    return drawing === null
      ? null
      : this.drawTokens(
          hidden instanceof Float32Array ? hidden : floatsOf(hidden),
          uniforms,
          await this.drawerOf(drawing)
        )
  }

  async logits(hidden: HiddenRows): Promise<Float32Array> {
    const outputs: Float32Array[] = []
    for (const { session } of this.parts) outputs.push(await this.logitsOf(session, hidden))
    const [only] = outputs
    if (only !== undefined && outputs.length === 1) return only
    const all = new Float32Array(outputs.reduce((sum, part) => sum + part.length, 0))
    for (const [i, part] of this.parts.entries()) {
      setColumns(all, this.spec.vocabularySize, elementAt(outputs, i, 'output'), part)
    }
    return all
  }

  async close(): Promise<void> {
    for (const { session } of this.parts) await session.release()
    await this.drawer?.session.release()
  }

  private async drawerOf(drawing: GraphDrawing): Promise<ort.InferenceSession> {
    const { drawer } = this
    if (drawer?.drawing.temperature === drawing.temperature && drawer.drawing.minP === drawing.minP)
      return drawer.session
    this.drawer = null
    await drawer?.session.release()
    const slices = this.parts.map(({ count }) => count)
    const session = await this.device.createSession(drawGraph(slices, drawing), { keepsMemory: true })
    this.drawer = { drawing, session }
    return session
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
      tokens.push(...mapGet(await runSession(drawer, feeds), DRAWN_TOKENS, 'output'))
    }
    return tokens
  }

  private async logitsOf(session: ort.InferenceSession, hidden: HiddenRows): Promise<Float32Array> {
    const run = async (rows: ort.Tensor): Promise<Float32Array> =>
      mapGet(await runSession(session, { [HEAD_INPUTS.hidden]: rows }), HEAD_OUTPUTS.logits, 'output')
    if (!(hidden instanceof Float32Array)) return run(hidden)
    const results: Float32Array[] = []
    for (const { rows } of this.batches(hidden)) results.push(await run(rows))
    return joinArrays(results)
  }

  /** Divides states into batches of about equal size. Other kernels would compute a batch of a single row. */
  private *batches(hidden: Float32Array): Generator<{ first: number; rows: ort.Tensor; count: number }> {
    const { finalRowSize } = this.spec
    const rowCount = hidden.length / finalRowSize
    const batchRows = Math.ceil(rowCount / Math.ceil(rowCount / RUN_ROWS))
    for (let first = 0; first < rowCount; first += batchRows) {
      const end = Math.min(first + batchRows, rowCount)
      const count = end - first
      const rows = floatTensor(hidden.subarray(first * finalRowSize, end * finalRowSize), [count, finalRowSize])
      yield { first, rows, count }
    }
  }

  private memoryOf(slice: number, length: number): Float32Array {
    const existing = this.logitsOfParts[slice]
    if (existing !== undefined && existing.length >= length) return existing.subarray(0, length)
    const memory = new Float32Array(length)
    this.logitsOfParts[slice] = memory
    return memory
  }
}

async function readPackedHead(
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
