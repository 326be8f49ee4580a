import type { EngineModel } from '../../contract/engine'

/**
 * Models that agree on their embedding and on layers 0..l share the hidden states after layer l. This trie merges
 * them: level l holds the distinct states after layer l, each with the block that led to it. For all ranges level l has
 * 1 + (l+1) + l(l+1)/2 nodes instead of L(L+1)/2. Nothing here knows about ranges: any set of models works.
 */
export interface RecipeTrie {
  /** Distinct embeddings the models start from. */
  readonly roots: readonly Origin[]
  /** One level per decoder layer. */
  readonly levels: readonly TrieLevel[]
  /** For each model, its node on the last level. */
  readonly leafOf: readonly number[]
}

/** Whose embedding and head a model uses. */
export type Origin = 'base' | 'post'

export interface TrieLevel {
  /** Distinct blocks of this layer, those that leave post first, post last: post's nodes can then reuse their parents' memory. */
  readonly blocks: readonly BlockSource[]
  /** Grouped by block, in the order of `blocks`. */
  readonly nodes: readonly TrieEdge[]
}

export interface TrieEdge {
  /** Node on the level above (an index into `roots` on level 0). */
  readonly parent: number
  /** Index into the level's `blocks`. */
  readonly block: number
}

/**
 * The weights of one block. `base` is base's layer as base stores it; `recipe` is what an export would hold: base,
 * post or a blend, rounded to post's dtype.
 */
export type BlockSource =
  { readonly kind: 'base' } | { readonly kind: 'recipe'; readonly attention: number; readonly mlp: number }

/** What the trie has to know of a pair to share more than equal recipes do. */
export interface Sharing {
  readonly layerCount: number
  /** Whether base's layer is byte for byte post's. */
  readonly identical: (layer: number) => boolean
  /** Whether restoring base's layer rounds nothing, so that base as a whole model has the same block. */
  readonly lossless: boolean
}

export function buildRecipeTrie(models: readonly EngineModel[], sharing: Sharing): RecipeTrie {
  const roots: Origin[] = []
  let current = models.map((model) => {
    const origin = originOf(model)
    if (!roots.includes(origin)) roots.push(origin)
    return roots.indexOf(origin)
  })
  const levels: TrieLevel[] = []
  for (let layer = 0; layer < sharing.layerCount; layer++) {
    const sources = models.map((model) => blockSource(model, layer, sharing))
    const keys = sources.map(blockKey)
    const blockKeys = [...new Set(keys)].sort(postLast)
    const edges = new Map<string, TrieEdge>()
    const edgeKeys = keys.map((key, m) => {
      const block = blockKeys.indexOf(key)
      const parent = current[m] ?? 0
      // Zero-padded, so that sorting the keys groups edges by block.
      const edgeKey = `${String(block).padStart(9, '0')}/${String(parent).padStart(9, '0')}`
      edges.set(edgeKey, { parent, block })
      return edgeKey
    })
    const order = [...edges.keys()].sort()
    const indexOf = new Map(order.map((key, i) => [key, i]))
    levels.push({
      blocks: blockKeys.map((key) => sources[keys.indexOf(key)] ?? { kind: 'base' }),
      nodes: order.map((key) => edges.get(key) ?? { parent: 0, block: 0 })
    })
    current = edgeKeys.map((key) => indexOf.get(key) ?? 0)
  }
  return { roots, levels, leafOf: current }
}

/** The node of each level on the way to a model's leaf. */
export function nodePath(trie: RecipeTrie, model: number): number[] {
  let node = trie.leafOf[model] ?? 0
  const path: number[] = []
  for (const level of trie.levels.toReversed()) {
    path.push(node)
    node = level.nodes[node]?.parent ?? 0
  }
  return path.reverse()
}

/** Trie edges, each one evaluation of a block on one packed sequence. */
export function countEdges(trie: RecipeTrie): number {
  return trie.levels.reduce((sum, level) => sum + level.nodes.length, 0)
}

export function originOf(model: EngineModel): Origin {
  return model.kind === 'base' ? 'base' : 'post'
}

/** A name that is equal for equal weights. */
export function blockKey(source: BlockSource): string {
  return source.kind === 'base' ? 'base' : `${source.attention}/${source.mlp}`
}

const POST_KEY = '0/0'

function postLast(a: string, b: string): number {
  return Number(a === POST_KEY) - Number(b === POST_KEY) || (a < b ? -1 : 1)
}

function blockSource(model: EngineModel, layer: number, sharing: Sharing): BlockSource {
  if (sharing.identical(layer)) return { kind: 'recipe', attention: 0, mlp: 0 }
  if (model.kind === 'base')
    return sharing.lossless ? { kind: 'recipe', attention: 1, mlp: 1 } : { kind: 'base' }
  const strength = model.layers[layer] ?? { attention: 0, mlp: 0 }
  return { kind: 'recipe', attention: strength.attention, mlp: strength.mlp }
}
