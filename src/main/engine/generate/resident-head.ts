import type * as ort from 'onnxruntime-node'
import type { HeldWeights, Sampling } from '../../../contract/model/sampling'
import { wholeModelTensors, type DecoderSpec } from '../../family'
import type { GraphDrawing } from '../../graphs/draw-graph'
import {
  HEAD_FILE,
  HEAD_INPUTS,
  HEAD_OUTPUTS,
  headLayout,
  headWeights,
  residentHeadGraph
} from '../../graphs/head-graph'
import { heldBytes, layoutBytes } from '../../graphs/held-weights'
import { doubleTensor, floatTensor, runSession, type Device } from '../device/device'
import type { ModelWeights } from '../weights/pair-weights'
import { packRows } from '../weights/quantise'
import { joinArrays, setColumns } from '../rows/rows'
import { readFloatRows } from '../weights/stored-rows'
import { at, got } from '../../base/look-up'

/** States after the last layer, [rows, hidden]. */
export type HiddenRows = Float32Array | ort.Tensor

/** Rows of the head are read and rounded so many elements at a time: as floats all of them take several times as much. */
const READ_ELEMENTS = 2 ** 24

/** Weights of one session at most where a device has memory of its own: not every buffer may be larger there. */
const DEVICE_SESSION_ELEMENTS = 2 ** 26

/**
 * Rows of one run at most. The head's session keeps the memory of its logits from run to run, for fresh pages would take
 * a tenth of a step; this bounds it.
 */
const RUN_ROWS = 64

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

/** @param sampling with which tokens will be drawn; left out, there are logits alone */
export async function openResidentHead(
  device: Device,
  model: ModelWeights,
  blockWeights: HeldWeights,
  sampling?: Sampling
): Promise<ResidentHead> {
  const weights = headWeights(blockWeights)
  const { hiddenSize, vocabularySize } = model.spec
  const onCpu = device.name === 'cpu'
  // What draws must see all logits, and have float64.
  const drawing = onCpu && sampling !== undefined ? graphDrawing(sampling) : null
  const tokensPerSession = onCpu
    ? vocabularySize
    : Math.max(1, Math.floor(DEVICE_SESSION_ELEMENTS / hiddenSize))
  const head = new SplitHead(model.spec, drawing)
  try {
    for (let first = 0; first < vocabularySize; first += tokensPerSession) {
      const count = Math.min(tokensPerSession, vocabularySize - first)
      const session = await device.createSession(residentHeadGraph(model.spec, weights, count, drawing), {
        files: [{ path: HEAD_FILE, data: await readHeld(model, weights, first, count) }],
        keepsMemory: true
      })
      head.parts.push({ first, count, session })
    }
  } catch (error) {
    // Memory may have run out half way; the engine lives on, and must not keep what it cannot use.
    await head.close()
    throw error
  }
  return head
}

/** Some tokens of the vocabulary, and what computes their logits. */
interface HeadPart {
  readonly first: number
  readonly count: number
  readonly session: ort.InferenceSession
}

/** A head in as many sessions as the device asks for. */
class SplitHead implements ResidentHead {
  readonly parts: HeadPart[] = []
  readonly draw: ResidentHead['draw']

  constructor(
    private readonly spec: DecoderSpec,
    private readonly drawing: GraphDrawing | null
  ) {
    this.draw = drawing === null ? null : (hidden, uniforms) => this.drawTokens(hidden, uniforms)
  }

  async logits(hidden: HiddenRows): Promise<Float32Array> {
    const outputs: Float32Array[] = []
    for (const { session } of this.parts) outputs.push(await this.run(session, HEAD_OUTPUTS.logits, hidden))
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
  }

  /** A head that draws has one part. */
  private async drawTokens(hidden: HiddenRows, uniforms: readonly number[]): Promise<number[]> {
    const { session } = at(this.parts, 0, 'part of the head')
    return Array.from(await this.run(session, HEAD_OUTPUTS.tokens, hidden, uniforms))
  }

  /** In batches of one size, so that none is a lone row, which would be computed by other kernels. */
  private async run(
    session: ort.InferenceSession,
    output: string,
    hidden: HiddenRows,
    uniforms?: readonly number[]
  ): Promise<Float32Array> {
    if (!(hidden instanceof Float32Array)) return this.runBatch(session, output, hidden, uniforms)
    const { hiddenSize } = this.spec
    const rowCount = hidden.length / hiddenSize
    const batchRows = Math.ceil(rowCount / Math.ceil(rowCount / RUN_ROWS))
    const results: Float32Array[] = []
    for (let first = 0; first < rowCount; first += batchRows) {
      const end = Math.min(first + batchRows, rowCount)
      const rows = floatTensor(hidden.subarray(first * hiddenSize, end * hiddenSize), [
        end - first,
        hiddenSize
      ])
      results.push(await this.runBatch(session, output, rows, uniforms?.slice(first, end)))
    }
    return joinArrays(results)
  }

  private async runBatch(
    session: ort.InferenceSession,
    output: string,
    rows: ort.Tensor,
    uniforms: readonly number[] | undefined
  ): Promise<Float32Array> {
    const feeds: Record<string, ort.Tensor> = { [HEAD_INPUTS.hidden]: rows }
    if (this.drawing !== null) {
      // The graph asks for numbers also where its logits alone are wanted.
      const numbers = Float64Array.from(uniforms ?? new Array<number>(at(rows.dims, 0, 'dimension')).fill(0))
      feeds[HEAD_INPUTS.uniforms] = doubleTensor(numbers, [numbers.length, 1])
    }
    return got(await runSession(session, feeds, [output]), output, 'output')
  }
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
  const { finalNorm, head } = wholeModelTensors(model.spec)
  const layout = headLayout(model.spec, weights, tokenCount)
  const packed = new Uint8Array(layoutBytes(layout))
  const rowsAtATime = Math.max(1, Math.floor(READ_ELEMENTS / hiddenSize))
  for (const tensor of layout) {
    if (tensor.name === HEAD_INPUTS.finalNorm) {
      packRows(packed, tensor, await readFloatRows(model, finalNorm.name, 0, hiddenSize, 1), 0, weights)
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
