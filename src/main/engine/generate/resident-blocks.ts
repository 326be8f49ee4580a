import type * as ort from 'onnxruntime-node'
import type { Precision } from '../../../contract/model/device'
import type { WeightStorage } from '../../../contract/model/sampling'
import { formatMemory } from '../../../contract/model/bytes'
import { inputError, WorkbenchError } from '../../../contract/model/problem'
import { type DecoderSpec, layerKinds } from '../../family'
import { expertFile, expertLayout, layerFile, layerLayout } from '../../graphs/decode-graph'
import { layoutBytes, sessionBytes, type ResidentTensor } from '../../graphs/resident-weights'
import { quantisedBits } from '../../graphs/layer-builder'
import { readsByRole } from '../weights/block-weights'
import type { Device } from '../device/device'
import { type PairWeights, specOf } from '../weights/pair-weights'
import { packRows } from '../weights/quantise'
import { WeightDecoder, type WeightRead } from '../weights/weight-decoder'
import type { BlockSource, RecipeTrie } from '../tries/recipe-trie'
import { residentHeadBytes } from './resident-head'
import { elementAt, mapGet } from '../../../contract/model/look-up'

/* Weights of layers that stay in memory during generation ("resident"). A block is a layer with its weights. */

/** Elements of weights that are read and packed at a time, several pieces of the decoder. */
export const READ_ELEMENTS = 2 ** 22

/** Returns the bytes in which sessions receive a trie's distinct blocks and its models' heads for generation. */
export function residentBytes(spec: DecoderSpec, trie: RecipeTrie, storage: WeightStorage): number {
  return residentBlockBytes(spec, trie, storage) + trie.roots.length * residentHeadBytes(spec, storage)
}

export function residentBlockBytes(spec: DecoderSpec, trie: RecipeTrie, storage: WeightStorage): number {
  const blocks = trie.levels.map(
    (level, layer) => level.blocks.length * layerBytes(spec, layer, (layout) => sessionBytes(layout, storage), storage)
  )
  return blocks.reduce((sum, bytes) => sum + bytes, 0)
}

/** Returns the bytes of a layer with its experts. @param bytesOf returns the bytes of a layout */
function layerBytes(
  spec: DecoderSpec,
  layer: number,
  bytesOf: (layout: readonly ResidentTensor[]) => number,
  storage: WeightStorage
): number {
  const { experts } = elementAt(spec.layers, layer, 'layer')
  return (
    bytesOf(layerLayout(spec, layer, storage)) +
    (experts === null ? 0 : experts.count * bytesOf(expertLayout(spec, layer, storage)))
  )
}

export function largestLayerBytes(spec: DecoderSpec, storage: WeightStorage): number {
  return Math.max(...layerKinds(spec).map((layer) => layerBytes(spec, layer, layoutBytes, storage)))
}

/**
 * Chooses the storage of weights: the requested one, otherwise the precision of products if it fits, or int8.
 * @param minBytes returns the least memory for a storage. @throws WorkbenchError `out-of-memory` with alternatives
 */
export function chooseWeightStorage(
  minBytes: (storage: WeightStorage) => number,
  memoryBytes: number,
  requested: WeightStorage | undefined,
  precision: Precision
): WeightStorage {
  if (requested !== undefined && requested !== precision && quantisedBits(requested) === null) {
    throw inputError(
      `Weights in ${requested} cannot be computed in ${precision}.`,
      'Set only one of the two options. The other follows from it.'
    )
  }
  const fits = (storage: WeightStorage): boolean => minBytes(storage) <= memoryBytes
  const chosen = requested ?? (fits(precision) ? precision : 'int8')
  if (fits(chosen)) return chosen
  const narrower = NARROWER[chosen].find(fits) ?? null
  const alternative =
    narrower === null
      ? ''
      : `, or hold weights as ${narrower} (--weights ${narrower}, ${formatMemory(minBytes(narrower))})`
  throw new WorkbenchError(
    'out-of-memory',
    `Generating takes at least ${formatMemory(minBytes(chosen))} with weights in ${chosen}, one sequence ` +
      `of each model and the longest prompt: more than the ${formatMemory(memoryBytes)} allowed.`,
    `Allow more memory (--memory)${alternative}, fewer tokens (--max-tokens), or compare fewer models at a time.`
  )
}

/** Alternatives to weights that do not fit, in order of preference. */
const NARROWER: Readonly<Record<WeightStorage, readonly WeightStorage[]>> = {
  fp32: ['int8', 'int4'],
  fp16: ['int8', 'int4'],
  int8: ['int4'],
  int4: []
}

/** Opens a decode session for every distinct block, [layer][block of the layer]. @param modelOf builds its graph */
export async function openResidentBlocks(
  device: Device,
  pair: PairWeights,
  trie: RecipeTrie,
  modelOf: (spec: DecoderSpec) => Uint8Array,
  storage: WeightStorage
): Promise<ort.InferenceSession[][]> {
  const sessions: ort.InferenceSession[][] = []
  const models = new Map<DecoderSpec, Uint8Array>()
  try {
    for (const [layer, level] of trie.levels.entries()) {
      const layerSessions: ort.InferenceSession[] = []
      sessions.push(layerSessions)
      for (const source of level.blocks) {
        const files = await readResidentBlock(pair, layer, source, storage, 0)
        const spec = specOf(pair, source)
        const model = models.get(spec) ?? modelOf(spec)
        models.set(spec, model)
        layerSessions.push(await device.createSession(model, { files }))
      }
    }
    return sessions
  } catch (error) {
    // Memory may have run out half way. The engine continues, so the opened sessions must be released.
    for (const session of sessions.flat()) await session.release()
    throw error
  }
}

/** Reads the weights of a block and its experts as the files of a decode graph, whose layer is `graphLayer`. */
export async function readResidentBlock(
  pair: PairWeights,
  layer: number,
  source: BlockSource,
  storage: WeightStorage,
  graphLayer: number
): Promise<{ path: string; data: Uint8Array }[]> {
  const { spec } = pair.post
  const decoder = new WeightDecoder(pair)
  const packed = (layout: readonly ResidentTensor[], expert: number | null): Promise<Uint8Array> =>
    readPacked(decoder, readsByRole(spec, { layer, expert, source }), layout, storage)
  const files = [{ path: layerFile(graphLayer), data: await packed(layerLayout(spec, layer, storage), null) }]
  const { experts } = elementAt(spec.layers, layer, 'layer')
  // A layer for images has no weights, and onnxruntime refuses an empty file.
  if (experts === null) return files.filter(({ data }) => data.byteLength > 0)
  const layout = expertLayout(spec, layer, storage)
  for (let expert = 0; expert < experts.count; expert++) {
    files.push({ path: expertFile(graphLayer, expert), data: await packed(layout, expert) })
  }
  return files
}

async function readPacked(
  decoder: WeightDecoder,
  reads: ReadonlyMap<string, WeightRead>,
  layout: readonly ResidentTensor[],
  storage: WeightStorage
): Promise<Uint8Array> {
  const packed = new Uint8Array(layoutBytes(layout))
  const widest = Math.max(0, ...layout.map(({ shape: [, columns = 1] }) => columns))
  const largestRead = Math.max(0, ...[...reads.values()].map(({ count }) => count))
  const floats = new Float32Array(Math.max(widest, Math.min(largestRead, READ_ELEMENTS)))
  for (const tensor of layout) {
    const [, columns = 1] = tensor.shape
    const pieceRows = Math.floor(floats.length / columns)
    let row = 0
    for (const part of tensor.parts) {
      const read = mapGet(reads, part, 'tensor')
      const rows = read.count / columns
      for (let first = 0; first < rows; first += pieceRows) {
        const count = Math.min(pieceRows, rows - first) * columns
        const piece = floats.subarray(0, count)
        await decoder.read({ ...read, first: read.first + first * columns, count }, piece)
        packRows(packed, tensor, piece, row + first, storage)
      }
      row += rows
    }
  }
  return packed
}
