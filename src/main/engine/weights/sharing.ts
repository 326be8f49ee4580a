import { isDeepStrictEqual } from 'node:util'
import { decodeFloat32, DTYPE_BYTES, encodeFloat32 } from '../../checkpoint/dtype'
import { restoreValues } from '../../checkpoint/restored-tensor'
import { type Model, modelStrengths } from '../../../contract/model/model'
import { computeAlike, type DecoderSpec, layerTensors, requireComponents, wholeModelTensors } from '../../family'
import { memberOf, type ModelWeights, type PairWeights } from './pair-weights'
import type { BlockSource, ModelSources, OtherOrigin, Sharing } from '../tries/recipe-trie'
import { elementAt, mapGet } from '../../../contract/model/look-up'

/** Checks that the layers have the components that each recipe scales. @throws WorkbenchError as `requireComponents` */
export function requireModels({ post: { spec } }: PairWeights, models: readonly Model[]): void {
  for (const model of models) {
    const strengths = modelStrengths(model, spec.layerCount)
    if (strengths !== null) requireComponents(spec, strengths)
  }
}

/** Finds identical blocks within a pair and other checkpoints. A sample is compared first, which usually decides. */
export async function findSharing(pair: PairWeights, models: readonly Model[]): Promise<Sharing> {
  const { base, post } = pair
  requireModels(pair, models)
  const { layerCount } = post.spec
  const identical: boolean[] = []
  let lossless = true
  for (let layer = 0; layer < layerCount; layer++) {
    const names = layerTensors(post.spec, layer).map((tensor) => tensor.name)
    if (!sameDtypes(base, post, names)) lossless = false
    identical.push(await sameTensors(base, post, names))
  }
  const others = new Map<OtherOrigin, ModelSources>()
  for (const origin of pair.others.keys()) others.set(origin, await rememberedSources(pair, origin, new Map(others)))
  const alike = computeAlike(base.spec, post.spec)
  return {
    layerCount,
    identical: (layer) => identical[layer] ?? false,
    lossless,
    computesAlike: alike,
    others
  }
}

/** The checkpoints that were compared before another one. */
type EarlierSources = ReadonlyMap<OtherOrigin, ModelSources>

/** The latest comparison of each checkpoint. It is used again while no compared file has changed. */
const remembered = new Map<OtherOrigin, { readonly files: unknown; readonly sources: ModelSources }>()

async function rememberedSources(
  pair: PairWeights,
  origin: OtherOrigin,
  earlier: EarlierSources
): Promise<ModelSources> {
  const compared = [origin, ...earlier.keys()].map((other) => memberOf(pair, other))
  const files = [pair.base, pair.post, ...compared].map(({ checkpoint }) => checkpoint.files)
  const previous = remembered.get(origin)
  if (previous !== undefined && isDeepStrictEqual(previous.files, files)) return previous.sources
  const sources = await otherSources(pair, origin, earlier)
  remembered.set(origin, { files, sources })
  return sources
}

/**
 * Finds the sources of a checkpoint's embedding and head, and of each block. A source is an earlier model with equal
 * bytes, or the checkpoint itself.
 */
async function otherSources(pair: PairWeights, origin: OtherOrigin, earlier: EarlierSources): Promise<ModelSources> {
  const blocks: BlockSource[] = []
  for (let layer = 0; layer < pair.post.spec.layerCount; layer++) {
    blocks.push(await otherBlock(pair, origin, earlier, layer))
  }
  for (const candidate of ['post', 'base', ...earlier.keys()] as const)
    if (await sameEnds(memberOf(pair, origin), memberOf(pair, candidate))) return { origin: candidate, blocks }
  return { origin, blocks }
}

/** Finds the source of one layer of another checkpoint: the pair's if both are equal, then an earlier checkpoint's. */
async function otherBlock(
  pair: PairWeights,
  origin: OtherOrigin,
  earlier: EarlierSources,
  layer: number
): Promise<BlockSource> {
  const other = memberOf(pair, origin)
  const tensors = layerTensors(pair.post.spec, layer)
  /** Returns 0 if the half is post's, 1 if it is base's as restored into post, and null if it is neither. */
  const strengthOf = async (half: 'attention' | 'mlp'): Promise<number | null> => {
    const names = tensors.filter((tensor) => tensor.half === half).map(({ name }) => name)
    if (await sameTensors(other, pair.post, names)) return 0
    return (await isRestored(pair, other, names)) ? 1 : null
  }
  if (computeAlike(other.spec, pair.post.spec)) {
    const attention = await strengthOf('attention')
    const mlp = attention === null ? null : await strengthOf('mlp')
    if (attention !== null && mlp !== null) return { kind: 'recipe', attention, mlp }
  }
  const names = tensors.map(({ name }) => name)
  const isLayerOf = async (stored: ModelWeights): Promise<boolean> =>
    computeAlike(other.spec, stored.spec) && (await sameTensors(other, stored, names))
  if (await isLayerOf(pair.base)) return { kind: 'stored', origin: 'base' }
  for (const [candidate, { blocks }] of earlier) {
    const block = elementAt(blocks, layer, 'block')
    const isStored = block.kind !== 'sum' && (block.kind === 'stored' ? block.origin : block.from) === candidate
    if (isStored && (await isLayerOf(memberOf(pair, candidate)))) return block
  }
  // If restoring a layer does not round the checkpoint's weights, the restored block is the checkpoint's block.
  const isExact = computeAlike(other.spec, pair.post.spec) && sameDtypes(other, pair.post, names)
  return isExact ? { kind: 'recipe', attention: 1, mlp: 1, from: origin } : { kind: 'stored', origin }
}

/** Reports whether two models have equal embeddings, final norms and heads, and compute equally with them. */
async function sameEnds(model: ModelWeights, other: ModelWeights): Promise<boolean> {
  const withoutContext = ({ contextLength: _, ...spec }: DecoderSpec): object => spec
  if (!isDeepStrictEqual(withoutContext(model.spec), withoutContext(other.spec))) return false
  const { embedding, rowInputs, finalNorm, head } = wholeModelTensors(model.spec)
  return sameTensors(model, other, [...new Set([...finalNorm, head, embedding, ...rowInputs].map(({ name }) => name))])
}

function sameDtypes(model: ModelWeights, other: ModelWeights, names: readonly string[]): boolean {
  return names.every((name) => model.dtype(name) === other.dtype(name))
}

async function sameTensors(model: ModelWeights, other: ModelWeights, names: readonly string[]): Promise<boolean> {
  if (!sameDtypes(model, other, names)) return false
  return samePieces(model, names, async (name, first, count) => storedPiece(other, name, first, count))
}

/** Reports whether tensors equal base's values as an export would store them. */
async function isRestored({ base, post }: PairWeights, other: ModelWeights, names: readonly string[]) {
  if (!sameDtypes(other, post, names)) return false
  return samePieces(other, names, async (name, first, count) => {
    const stored = await storedPiece(base, name, first, count)
    const dtypes = { source: base.dtype(name), post: post.dtype(name) }
    if (dtypes.source === dtypes.post) return stored
    const values = new Float32Array(count)
    decodeFloat32(stored, dtypes.source, values)
    restoreValues(values, null, 1, dtypes)
    const bytes = new Uint8Array(count * DTYPE_BYTES[dtypes.post])
    encodeFloat32(values, dtypes.post, bytes)
    return bytes
  })
}

const SAMPLE_ELEMENTS = 2048
/** Tensors are compared in pieces, because a whole tensor of a large model would take hundreds of megabytes, twice. */
const PIECE_ELEMENTS = 2 ** 21

/**
 * Reports whether tensors have the expected bytes.
 * @param expected returns the expected bytes of `count` elements of a tensor, beginning with element `first`
 */
async function samePieces(
  model: ModelWeights,
  names: readonly string[],
  expected: (name: string, first: number, count: number) => Promise<Uint8Array>
): Promise<boolean> {
  const same = async (name: string, first: number, count: number): Promise<boolean> => {
    const [stored, wanted] = await Promise.all([storedPiece(model, name, first, count), expected(name, first, count)])
    return Buffer.compare(stored, wanted) === 0
  }
  // Tensors are compared one after the other, because the first difference decides.
  for (const name of names) {
    if (!(await same(name, 0, Math.min(SAMPLE_ELEMENTS, elementsOf(model, name))))) return false
  }
  for (const name of names) {
    const elements = elementsOf(model, name)
    for (let first = 0; first < elements; first += PIECE_ELEMENTS) {
      if (!(await same(name, first, Math.min(PIECE_ELEMENTS, elements - first)))) return false
    }
  }
  return true
}

function elementsOf(model: ModelWeights, name: string): number {
  return mapGet(model.checkpoint.tensors, name, 'tensor').byteLength / DTYPE_BYTES[model.dtype(name)]
}

async function storedPiece(model: ModelWeights, name: string, first: number, count: number): Promise<Uint8Array> {
  const width = DTYPE_BYTES[model.dtype(name)]
  const bytes = new Uint8Array(count * width)
  await model.reader.readInto(name, first * width, bytes)
  return bytes
}
