import type { LayerTerm, Model } from '../../../contract/model/model'
import type { LayerStrength } from '../../../contract/model/recipe'
import { amountKey, HALVES, isPostLayer, recipeStrengths } from '../../../contract/model/strengths'
import { elementAt, mapGet } from '../../../contract/model/look-up'

/**
 * A trie of models, with a level for each layer. Models with the same embedding and layers 0..l share a node on level
 * l, and its hidden states after the layer. For all ranges of L layers, level l has 1 + (l+1) + l(l+1)/2 nodes instead
 * of one for each of L(L+1)/2 models.
 */
export interface RecipeTrie {
  /** Distinct embeddings with which models begin. */
  readonly roots: readonly Origin[]
  readonly levels: readonly TrieLevel[]
  /** Node of each model on the last level. Models with equal weights share a leaf. */
  readonly leafOf: readonly number[]
  /** The sources of each model. Models of one leaf have one origin. */
  readonly sourcesOf: readonly ModelSources[]
}

/** Names a whole checkpoint other than base and post by its folder. */
export type OtherOrigin = `checkpoint:${string}`

/** The checkpoint whose embedding and head a model uses. */
export type Origin = 'base' | 'post' | OtherOrigin

/** The sources of a model's weights: of its embedding and head, and of its blocks by layer. */
export interface ModelSources {
  readonly origin: Origin
  readonly blocks: readonly BlockSource[]
}

interface TrieLevel {
  /** Distinct blocks of this layer. Post's block is last, so that post's nodes can reuse their parents' memory. */
  readonly blocks: readonly BlockSource[]
  /** Grouped by block, in the order of `blocks`. */
  readonly nodes: readonly RecipeNode[]
}

/** A node of a level, with its edge: the block through which the states of its parent pass. */
interface RecipeNode {
  /** Node on the level above, or an index into `roots` on level 0. */
  readonly parent: number
  /** Index into the level's `blocks`. */
  readonly block: number
}

/**
 * The weights of one block, which is a decoder layer: `stored` in a checkpoint, a `recipe`, or a `sum` of layers. A
 * recipe blends post's layer with the layer of a source by strengths. Recipes and sums are rounded to post's dtype.
 */
export type BlockSource =
  | { readonly kind: 'stored'; readonly origin: Exclude<Origin, 'post'> }
  | ({
      readonly kind: 'recipe'
      /** The source of the blend; base if omitted. */
      readonly from?: OtherOrigin
    } & Readonly<Omit<LayerStrength, 'source'>>)
  | { readonly kind: 'sum'; readonly terms: readonly OriginTerm[] }

/** A checkpoint's layer times a weight. */
export interface OriginTerm {
  readonly origin: Origin
  readonly weight: number
}

/** Equal weights within a pair and other checkpoints, which models can share. */
export interface Sharing {
  readonly layerCount: number
  /** True if a layer of base equals post's byte for byte. */
  readonly identical: (layer: number) => boolean
  /** True if restoring a layer does not round base's weights, so that base itself has the same block. */
  readonly lossless: boolean
  /** True if base's layers compute the same by base's config as by post's. If not, base shares no block. */
  readonly computesAlike: boolean
  /** For each other checkpoint, the blocks that equal blocks of the pair. */
  readonly others: ReadonlyMap<OtherOrigin, ModelSources>
}

/** Returns the sharing of a pair whose layers all differ, without other checkpoints. */
export const noSharing = (layerCount: number): Sharing => ({
  layerCount,
  identical: () => false,
  lossless: true,
  computesAlike: true,
  others: new Map()
})

export function buildRecipeTrie(models: readonly Model[], sharing: Sharing): RecipeTrie {
  return trieOfSources(
    models.map((model) => modelSources(model, sharing)),
    sharing.layerCount
  )
}

/** Builds a trie of some models of another trie. In the new trie, the models are numbered in the order of `models`. */
export function trieOfModels(trie: RecipeTrie, models: readonly number[]): RecipeTrie {
  const sourcesOf = models.map((model) => elementAt(trie.sourcesOf, model, 'model'))
  return trieOfSources(sourcesOf, trie.levels.length)
}

function trieOfSources(sourcesOf: readonly ModelSources[], layerCount: number): RecipeTrie {
  const roots = [...new Set(sourcesOf.map(({ origin }) => origin))]
  let current = sourcesOf.map(({ origin }) => roots.indexOf(origin))
  const levels: TrieLevel[] = []
  for (let layer = 0; layer < layerCount; layer++) {
    const sources = sourcesOf.map(({ blocks }) => elementAt(blocks, layer, 'block'))
    const keys = sources.map(blockKey)
    const blockKeys = [...new Set(keys)].sort(postLast)
    const edges = new Map<string, RecipeNode>()
    const edgeKeys = keys.map((key, m) => {
      const block = blockKeys.indexOf(key)
      const parent = elementAt(current, m, 'model')
      // Zero-padded, so that sorting the keys groups edges by block.
      const edgeKey = `${String(block).padStart(9, '0')}/${String(parent).padStart(9, '0')}`
      edges.set(edgeKey, { parent, block })
      return edgeKey
    })
    const order = [...edges.keys()].sort()
    const indexOf = new Map(order.map((key, i) => [key, i]))
    levels.push({
      blocks: blockKeys.map((key) => elementAt(sources, keys.indexOf(key), 'block')),
      nodes: order.map((key) => mapGet(edges, key, 'edge'))
    })
    current = edgeKeys.map((key) => mapGet(indexOf, key, 'edge'))
  }
  return { roots, levels, leafOf: current, sourcesOf }
}

/** Returns the node of a model on each level. */
export function nodePath(trie: RecipeTrie, model: number): number[] {
  return pathTo(trie, elementAt(trie.leafOf, model, 'model'))
}

/** Returns the nodes on the path to a leaf, one for each level. */
export function pathTo(trie: RecipeTrie, leaf: number): number[] {
  let node = leaf
  const path: number[] = []
  for (const level of trie.levels.toReversed()) {
    path.push(node)
    node = elementAt(level.nodes, node, 'node').parent
  }
  return path.reverse()
}

/** Returns the checkpoint whose embedding and head a model uses. */
export function originOf(trie: RecipeTrie, model: number): Origin {
  return elementAt(trie.sourcesOf, model, 'model').origin
}

/** Counts the edges of a trie. Each is one evaluation of a block on the packed prompts. */
export function countEdges(trie: RecipeTrie): number {
  return trie.levels.reduce((sum, level) => sum + level.nodes.length, 0)
}

/** Counts the distinct models of a trie. */
export function countLeaves({ levels }: RecipeTrie): number {
  return elementAt(levels, levels.length - 1, 'level').nodes.length
}

export function otherOrigin(path: string): OtherOrigin {
  return `checkpoint:${path}`
}

/** Describes an origin to users: `base`, `post`, or the folder of another checkpoint. */
export function originWords(origin: Origin): string {
  return isOtherOrigin(origin) ? origin.slice('checkpoint:'.length) : origin
}

export function isOtherOrigin(name: string): name is OtherOrigin {
  return name.startsWith('checkpoint:')
}

export function isOrigin(name: string): name is Origin {
  return name === 'base' || name === 'post' || isOtherOrigin(name)
}

export function blockKey(source: BlockSource): string {
  if (source.kind === 'stored') return source.origin
  if (source.kind === 'sum') return source.terms.map(({ origin, weight }) => `${weight} ${origin}`).join(' + ')
  return source.from === undefined ? amountKey(source) : `${amountKey(source)} of ${source.from}`
}

const POST_BLOCK: BlockSource = { kind: 'recipe', attention: 0, mlp: 0 }
const POST_KEY = blockKey(POST_BLOCK)

/** Compares keys of blocks for sorting: post's is last, the others are in alphabetical order. */
function postLast(a: string, b: string): number {
  return Number(a === POST_KEY) - Number(b === POST_KEY) || (a < b ? -1 : 1)
}

/** Returns the sources of a model, which are equal for models of equal weights. */
function modelSources(model: Model, sharing: Sharing): ModelSources {
  if (model.kind === 'checkpoint') return otherSources(otherOrigin(model.path), sharing)
  const layers = Array.from({ length: sharing.layerCount }, (_, layer) => layer)
  if (model.kind === 'base') {
    const { computesAlike: alike, lossless } = sharing
    const baseBlock: BlockSource =
      alike && lossless ? { kind: 'recipe', attention: 1, mlp: 1 } : { kind: 'stored', origin: 'base' }
    const blocks = layers.map((layer) => (alike && sharing.identical(layer) ? POST_BLOCK : baseBlock))
    return { origin: 'base', blocks }
  }
  if (model.kind === 'post') return { origin: 'post', blocks: layers.map(() => POST_BLOCK) }
  const { recipe, onto, terms } = model
  /** The checkpoint whose layers are replaced by restored ones; null for post. */
  const target = onto === undefined ? null : otherSources(otherOrigin(onto.path), sharing)
  const blocks = recipeStrengths(recipe, sharing.layerCount).map((strength, layer) => {
    if (target !== null && isPostLayer(strength)) return elementAt(target.blocks, layer, 'block')
    if (terms !== undefined && !isPostLayer(strength)) return sumBlock(terms, layer, sharing)
    return recipeBlock(strength, layer, sharing)
  })
  return { origin: target?.origin ?? 'post', blocks }
}

/** Returns a sum of layers. Terms with equal layers are joined, so that a sum may be the layer of one checkpoint. */
function sumBlock(terms: readonly LayerTerm[], layer: number, sharing: Sharing): BlockSource {
  const joined = new Map<string, OriginTerm & { readonly block: BlockSource }>()
  for (const { checkpoint, weight } of terms) {
    const origin = typeof checkpoint === 'string' ? checkpoint : otherOrigin(checkpoint.path)
    const block = wholeBlock(origin, layer, sharing)
    const key = blockKey(block)
    const earlier = joined.get(key)
    joined.set(key, earlier === undefined ? { origin, block, weight } : { ...earlier, weight: earlier.weight + weight })
  }
  const remaining = [...joined.values()].filter(({ weight }) => weight !== 0)
  const [only] = remaining
  if (only?.weight === 1 && remaining.length === 1) return only.block
  return { kind: 'sum', terms: remaining.map(({ origin, weight }) => ({ origin, weight })) }
}

/** Returns the unblended layer of a checkpoint, rounded to post's dtype. */
function wholeBlock(origin: Origin, layer: number, sharing: Sharing): BlockSource {
  if (origin === 'post') return POST_BLOCK
  if (origin === 'base') return recipeBlock({ attention: 1, mlp: 1 }, layer, sharing)
  return elementAt(otherSources(origin, sharing).blocks, layer, 'block')
}

function otherSources(origin: OtherOrigin, { others }: Sharing): ModelSources {
  const sources = others.get(origin)
  if (sources === undefined) throw new Error(`${origin} was not compared with the pair`)
  return sources
}

/** Returns post's layer restored by a strength, or post's own layer if nothing changes. */
function recipeBlock(strength: LayerStrength, layer: number, sharing: Sharing): BlockSource {
  const { attention, mlp, source } = strength
  if (isPostLayer(strength)) return POST_BLOCK
  if (source !== undefined) return sourceBlock(strength, otherOrigin(source.path), layer, sharing)
  return sharing.identical(layer) ? POST_BLOCK : { kind: 'recipe', attention, mlp }
}

/** Returns a layer of another checkpoint, or the pair's layer if the checkpoint stores the pair's own halves. */
function sourceBlock(
  { attention, mlp }: LayerStrength,
  from: OtherOrigin,
  layer: number,
  sharing: Sharing
): BlockSource {
  const storedBlock = elementAt(otherSources(from, sharing).blocks, layer, 'block')
  const wanted = { attention, mlp }
  const block: BlockSource = { kind: 'recipe', attention, mlp, from }
  if (storedBlock.kind !== 'recipe') return block
  if (storedBlock.from !== undefined) return attention === 1 && mlp === 1 ? storedBlock : block
  // In a blend with post, base's own values may differ in their last digits from the copies that the checkpoint stores.
  const hasWholeHalves = HALVES.every((half) => storedBlock[half] === 0 || wanted[half] === 0 || wanted[half] === 1)
  if (!hasWholeHalves) return block
  const ofPair = {
    attention: storedBlock.attention === 0 ? 0 : attention,
    mlp: storedBlock.mlp === 0 ? 0 : mlp
  }
  return recipeBlock(ofPair, layer, sharing)
}
