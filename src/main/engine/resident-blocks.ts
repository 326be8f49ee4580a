import type * as ort from 'onnxruntime-node'
import type { Precision } from '../../contract/device'
import type { HeldWeights } from '../../contract/engine'
import { WorkbenchError } from '../../contract/problem'
import { weightType } from '../family/block-graph'
import { weightLayout, WEIGHTS_FILE } from '../family/decode-graph'
import { quantisedBits } from '../family/layer-builder'
import { layerTensors, type DecoderSpec } from '../family'
import { readBlock, type BlockWeights } from './block-weights'
import type { Device } from './device'
import type { PairWeights } from './pair-weights'
import { quantiseBlocks } from './quantise'
import type { RecipeTrie } from './recipe-trie'

/** Bytes that a trie's distinct blocks, and the heads of its models in float32, take when held for generating. */
export function residentBytes(spec: DecoderSpec, trie: RecipeTrie, weights: HeldWeights): number {
  const headBytes = spec.vocabularySize * spec.hiddenSize * Float32Array.BYTES_PER_ELEMENT
  const blockBytes = weightLayout(spec, weights).reduce((sum, { role, byteLength, scaleBytes }) => {
    const halved = weights === 'fp16' && weightType(role, 'fp16') === 'float16'
    return sum + (halved ? byteLength / 2 : byteLength) + scaleBytes
  }, 0)
  const blockCount = trie.levels.reduce((sum, level) => sum + level.blocks.length, 0)
  return blockBytes * blockCount + headBytes * trie.roots.length
}

/**
 * The widest weights that fit: as the products are computed, or int8 when that is too large.
 *
 * @param precision of the products
 * @throws WorkbenchError `bad-input` for floats of another width than the products', `out-of-memory` saying what would fit
 */
export function chooseHeldWeights(
  spec: DecoderSpec,
  trie: RecipeTrie,
  memoryBytes: number,
  asked: HeldWeights | undefined,
  precision: Precision
): HeldWeights {
  if (asked !== undefined && asked !== precision && quantisedBits(asked) === null) {
    throw new WorkbenchError(
      'bad-input',
      `Weights held in ${asked} cannot be computed with in ${precision}.`,
      'Ask for one of the two, and the other follows.'
    )
  }
  const fits = (weights: HeldWeights): boolean => residentBytes(spec, trie, weights) <= memoryBytes
  const chosen = asked ?? (fits(precision) ? precision : 'int8')
  if (fits(chosen)) return chosen
  const fitting = NARROWER[chosen].find(fits) ?? null
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`
  throw new WorkbenchError(
    'out-of-memory',
    `The weights take ${gigabytes(residentBytes(spec, trie, chosen))} in ${chosen}, more than the ` +
      `${gigabytes(memoryBytes)} allowed.`,
    `Allow more memory${fitting === null ? '' : `, or use ${fitting} (${gigabytes(residentBytes(spec, trie, fitting))})`}, or compare fewer models at a time.`
  )
}

/** What to offer in place of weights that do not fit, in order of preference. */
const NARROWER: Readonly<Record<HeldWeights, readonly HeldWeights[]>> = {
  fp32: ['int8', 'int4'],
  fp16: ['int8', 'int4'],
  int8: ['int4'],
  int4: []
}

/**
 * A decode session for every distinct block, [layer][block of the trie's level].
 *
 * @param model the decode graph of a block, whose weights are its external data
 */
export async function openResidentBlocks(
  device: Device,
  pair: PairWeights,
  trie: RecipeTrie,
  model: Uint8Array,
  weights: HeldWeights
): Promise<ort.InferenceSession[][]> {
  const { spec } = pair.post
  const sessions: ort.InferenceSession[][] = []
  try {
    for (const [layer, level] of trie.levels.entries()) {
      const ofLayer: ort.InferenceSession[] = []
      sessions.push(ofLayer)
      for (const source of level.blocks) {
        const bytes = packWeights(spec, await readBlock(pair, layer, source), weights)
        ofLayer.push(await device.createSession(model, { files: [{ path: WEIGHTS_FILE, data: bytes }] }))
      }
    }
    return sessions
  } catch (error) {
    // Memory may have run out half way; the engine lives on, and must not keep what it cannot use.
    for (const session of sessions.flat()) await session.release()
    throw error
  }
}

/** A block's weights in the layout of its decode graph. */
function packWeights(spec: DecoderSpec, block: BlockWeights, weights: HeldWeights): Uint8Array {
  const layout = weightLayout(spec, weights)
  const bits = quantisedBits(weights)
  const columns = new Map(layerTensors(spec, 0).map(({ role, shape }) => [role, shape[1] ?? 1]))
  const packed = new Uint8Array(layout.reduce((sum, part) => sum + part.byteLength + part.scaleBytes, 0))
  let offset = 0
  for (const { role, byteLength, scaleBytes } of layout) {
    const data = block.tensors.get(role)?.data ?? new Float32Array()
    if (bits === null || scaleBytes === 0)
      packed.set(new Uint8Array(data.buffer, data.byteOffset, byteLength), offset)
    else {
      const scales = new Float32Array(scaleBytes / Float32Array.BYTES_PER_ELEMENT)
      const target = packed.subarray(offset, offset + byteLength)
      quantiseBlocks(data, columns.get(role) ?? 1, bits, target, scales)
      packed.set(new Uint8Array(scales.buffer), offset + byteLength)
    }
    offset += byteLength + scaleBytes
  }
  return packed
}
