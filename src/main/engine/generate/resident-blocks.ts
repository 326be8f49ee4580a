import type * as ort from 'onnxruntime-node'
import type { Precision } from '../../../contract/model/device'
import type { HeldWeights } from '../../../contract/model/sampling'
import { formatMemory } from '../../../contract/model/bytes'
import { WorkbenchError } from '../../../contract/model/problem'
import { type DecoderSpec, layerKinds } from '../../family'
import { expertFile, expertLayout, layerFile, layerLayout } from '../../graphs/decode-graph'
import { heldBytes, type HeldTensor, layoutBytes } from '../../graphs/held-weights'
import { quantisedBits } from '../../graphs/layer-builder'
import { readsByRole } from '../weights/block-weights'
import type { Device } from '../device/device'
import { type PairWeights, specOf } from '../weights/pair-weights'
import { packRows } from '../weights/quantise'
import { WeightDecoder, type WeightRead } from '../weights/weight-decoder'
import type { BlockSource, RecipeTrie } from '../tries/recipe-trie'
import { residentHeadBytes } from './resident-head'
import { at, got } from '../../../contract/model/look-up'

/** Weights are read and packed so many at a time, several pieces of the decoder's, one of which is read while another is decoded. */
export const READ_ELEMENTS = 2 ** 22

/** Bytes that a trie's distinct blocks and the heads of its models are given to sessions in when held for generating. */
export function residentBytes(spec: DecoderSpec, trie: RecipeTrie, weights: HeldWeights): number {
  return residentBlockBytes(spec, trie, weights) + trie.roots.length * residentHeadBytes(spec, weights)
}

/** The same of the blocks alone. */
export function residentBlockBytes(spec: DecoderSpec, trie: RecipeTrie, weights: HeldWeights): number {
  const blocks = trie.levels.map(
    (level, layer) =>
      level.blocks.length * layerBytes(spec, layer, (layout) => heldBytes(layout, weights), weights)
  )
  return blocks.reduce((sum, bytes) => sum + bytes, 0)
}

/** Bytes of a layer with its experts, each layout by `bytesOf`. */
function layerBytes(
  spec: DecoderSpec,
  layer: number,
  bytesOf: (layout: readonly HeldTensor[]) => number,
  weights: HeldWeights
): number {
  const { experts } = at(spec.layers, layer, 'layer')
  return (
    bytesOf(layerLayout(spec, layer, weights)) +
    (experts === null ? 0 : experts.count * bytesOf(expertLayout(spec, layer, weights)))
  )
}

/** Bytes of the largest layer as it is given to a session. */
export function largestLayerBytes(spec: DecoderSpec, weights: HeldWeights): number {
  return Math.max(...layerKinds(spec).map((layer) => layerBytes(spec, layer, layoutBytes, weights)))
}

/**
 * The widest weights that fit: as the products are computed, or int8 when that is too large.
 *
 * @param precision of the products
 * @param leastBytes that generating takes at least with weights held so
 * @throws WorkbenchError `bad-input` for floats of another width than the products', `out-of-memory` saying what would fit
 */
export function chooseHeldWeights(
  leastBytes: (weights: HeldWeights) => number,
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
  const fits = (weights: HeldWeights): boolean => leastBytes(weights) <= memoryBytes
  const chosen = asked ?? (fits(precision) ? precision : 'int8')
  if (fits(chosen)) return chosen
  const fitting = NARROWER[chosen].find(fits) ?? null
  throw new WorkbenchError(
    'out-of-memory',
    `Generating takes at least ${formatMemory(leastBytes(chosen))} with weights in ${chosen}, one sequence of each model and the ` +
      `longest prompt: more than the ${formatMemory(memoryBytes)} allowed.`,
    `Allow more memory (--memory)${fitting === null ? '' : `, or hold weights as ${fitting} (--weights ${fitting}, ${formatMemory(leastBytes(fitting))})`}, fewer tokens (--max-tokens), or compare fewer models at a time.`
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
 * A decode session for every distinct block, [layer][block of the trie's level]: for devices on which a run costs little.
 *
 * @param modelOf the decode graph of a block computed by some config, whose weights are its external data
 */
export async function openResidentBlocks(
  device: Device,
  pair: PairWeights,
  trie: RecipeTrie,
  modelOf: (spec: DecoderSpec) => Uint8Array,
  weights: HeldWeights
): Promise<ort.InferenceSession[][]> {
  const sessions: ort.InferenceSession[][] = []
  const models = new Map<DecoderSpec, Uint8Array>()
  try {
    for (const [layer, level] of trie.levels.entries()) {
      const ofLayer: ort.InferenceSession[] = []
      sessions.push(ofLayer)
      for (const source of level.blocks) {
        const files = await readHeldBlock(pair, layer, source, weights, 0)
        const spec = specOf(pair, source)
        const model = models.get(spec) ?? modelOf(spec)
        models.set(spec, model)
        ofLayer.push(await device.createSession(model, { files }))
      }
    }
    return sessions
  } catch (error) {
    // Memory may have run out half way; the engine lives on, and must not keep what it cannot use.
    for (const session of sessions.flat()) await session.release()
    throw error
  }
}

/**
 * A block's weights, and those of its experts, as the files that a decode graph takes.
 *
 * @param place of the layer in the graph
 */
export async function readHeldBlock(
  pair: PairWeights,
  layer: number,
  source: BlockSource,
  weights: HeldWeights,
  place: number
): Promise<{ path: string; data: Uint8Array }[]> {
  const { spec } = pair.post
  const decoder = new WeightDecoder(pair)
  const packed = (layout: readonly HeldTensor[], expert: number | null): Promise<Uint8Array> =>
    readPacked(decoder, readsByRole(spec, { layer, expert, source }), layout, weights)
  const files = [{ path: layerFile(place), data: await packed(layerLayout(spec, layer, weights), null) }]
  const { experts } = at(spec.layers, layer, 'layer')
  if (experts === null) return files
  const layout = expertLayout(spec, layer, weights)
  for (let expert = 0; expert < experts.count; expert++) {
    files.push({ path: expertFile(place, expert), data: await packed(layout, expert) })
  }
  return files
}

/** Weights as the bytes of a layout. As floats they take several times as much, and are there a piece at a time. */
async function readPacked(
  decoder: WeightDecoder,
  reads: ReadonlyMap<string, WeightRead>,
  layout: readonly HeldTensor[],
  weights: HeldWeights
): Promise<Uint8Array> {
  const packed = new Uint8Array(layoutBytes(layout))
  const widest = Math.max(...layout.map(({ shape: [, columns = 1] }) => columns))
  const most = Math.max(...[...reads.values()].map(({ count }) => count))
  const floats = new Float32Array(Math.max(widest, Math.min(most, READ_ELEMENTS)))
  for (const tensor of layout) {
    const [, columns = 1] = tensor.shape
    const pieceRows = Math.floor(floats.length / columns)
    let row = 0
    for (const part of tensor.parts) {
      const read = got(reads, part, 'tensor')
      const rows = read.count / columns
      for (let first = 0; first < rows; first += pieceRows) {
        const count = Math.min(pieceRows, rows - first) * columns
        const piece = floats.subarray(0, count)
        await decoder.read({ ...read, first: first * columns, count }, piece)
        packRows(packed, tensor, piece, row + first, weights)
      }
      row += rows
    }
  }
  return packed
}
