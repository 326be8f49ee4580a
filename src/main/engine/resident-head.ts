import type * as ort from 'onnxruntime-node'
import type { HeldWeights } from '../../contract/engine'
import { wholeModelTensors, type DecoderSpec } from '../family'
import {
  HEAD_FILE,
  HEAD_INPUTS,
  HEAD_OUTPUTS,
  headLayout,
  headWeights,
  residentHeadGraph
} from '../family/head-graph'
import { heldBytes } from '../family/held-weights'
import { floatTensor, runSession, type Device } from './device'
import type { ModelWeights } from './pair-weights'
import { packHeld } from './quantise'
import { setColumns } from './rows'
import { readFloatRows } from './stored-rows'

/**
 * Weights of one session at most: while a session opens they lie in memory three times, as read, as laid out for its
 * products, and in between.
 */
const SESSION_ELEMENTS = 2 ** 26

/** Final norm and head of one model, held for generating as the blocks are: step after step asks for all logits. */
export interface ResidentHead {
  /** Logits of the whole vocabulary for each of [rows, hidden], which may lie on the device: [rows, vocabulary]. */
  logits(hidden: Float32Array | ort.Tensor): Promise<Float32Array>
  close(): Promise<void>
}

/** Bytes that one model's head takes beside blocks held in `weights`. */
export function residentHeadBytes(spec: DecoderSpec, weights: HeldWeights): number {
  const held = headWeights(weights)
  return heldBytes(headLayout(spec, held, spec.vocabularySize), held)
}

export async function openResidentHead(
  device: Device,
  model: ModelWeights,
  blockWeights: HeldWeights
): Promise<ResidentHead> {
  const weights = headWeights(blockWeights)
  const { spec } = model
  const { hiddenSize, vocabularySize } = spec
  const { finalNorm, head } = wholeModelTensors(spec)
  const tokensPerSession = Math.max(1, Math.floor(SESSION_ELEMENTS / hiddenSize))
  const parts: { first: number; count: number; session: ort.InferenceSession }[] = []
  const close = async (): Promise<void> => {
    for (const { session } of parts) await session.release()
  }
  try {
    const norm = await readFloatRows(model, finalNorm.name, 0, hiddenSize, 1)
    for (let first = 0; first < vocabularySize; first += tokensPerSession) {
      const count = Math.min(tokensPerSession, vocabularySize - first)
      const tensors = new Map<string, Float32Array>([
        [HEAD_INPUTS.finalNorm, norm],
        [HEAD_INPUTS.head, await readFloatRows(model, head.name, first, count, hiddenSize)]
      ])
      const data = packHeld(headLayout(spec, weights, count), tensors, weights)
      const session = await device.createSession(residentHeadGraph(spec, weights, count), {
        files: [{ path: HEAD_FILE, data }]
      })
      parts.push({ first, count, session })
    }
  } catch (error) {
    // Memory may have run out half way; the engine lives on, and must not keep what it cannot use.
    await close()
    throw error
  }
  return {
    logits: async (hidden) => {
      const rows =
        hidden instanceof Float32Array
          ? floatTensor(hidden, [hidden.length / hiddenSize, hiddenSize])
          : hidden
      const rowCount = rows.dims[0] ?? 0
      const feeds = { [HEAD_INPUTS.hidden]: rows }
      const outputs: Float32Array[] = []
      for (const { session } of parts) {
        outputs.push((await runSession(session, feeds)).get(HEAD_OUTPUTS.logits) ?? new Float32Array())
      }
      const [only] = outputs
      if (only !== undefined && outputs.length === 1) return only
      const all = new Float32Array(rowCount * vocabularySize)
      for (const [i, part] of parts.entries()) {
        setColumns(all, vocabularySize, outputs[i] ?? new Float32Array(), part)
      }
      return all
    },
    close
  }
}
