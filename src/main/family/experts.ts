import type { ConfigReader } from './config-reader'
import type { ExpertKeys, Family } from './family'

/** Describes the experts of a layer: a router sends each row (the vector of a token) through a few of many MLPs. */
export interface Experts {
  readonly count: number
  /** Number of experts that compute each row: those with the largest scores. */
  readonly perRow: number
  /** Inner size of each expert. */
  readonly size: number
  readonly scores: ExpertKeys['scores']
  /** True if a bias is added to the scores that choose experts. */
  readonly biased: boolean
  /** Groups of equally many experts. A row uses only experts of the best `perRow` groups. Null without groups. */
  readonly groups: {
    readonly count: number
    readonly perRow: number
    readonly rank: 'byLargest' | 'byTopTwo'
  } | null
  /** True if experts act beside an MLP, and a stored number for each expert multiplies its weight. */
  readonly besideMlp: boolean
  /** True if the weights of a row's experts sum to one before `scale`; otherwise they are the scores. */
  readonly normed: boolean
  /** Factor of the weights. */
  readonly scale: number
  /** Inner size of the MLP that every row also passes, null without one. A router weighs it in some families. */
  readonly sharedSize: number | null
}

/** Reports whether the experts of a row are selected by other scores than the scores that weight their outputs. */
export function hasSelectionScores({
  biased,
  groups,
  besideMlp
}: Pick<Experts, 'biased' | 'groups' | 'besideMlp'>): boolean {
  return biased || groups !== null || besideMlp
}

/** Lists the experts of each layer; null for a layer with one MLP. */
export function layerExperts(reader: ConfigReader, family: Family, layerCount: number): (Experts | null)[] {
  const { experts: keys } = family
  if (keys === null || keys.isWithout?.(reader) === true) return new Array<null>(layerCount).fill(null)
  const count = renamedCount(reader, keys.countKeys)
  const groups = readGroups(reader, keys, count)
  const experts: Experts = {
    count,
    perRow: renamedCount(reader, keys.perRowKeys, countChoices(groups, count)),
    size: reader.count(keys.sizeKey),
    scores: keys.scores,
    biased: keys.choiceBias !== 'none',
    groups,
    besideMlp: keys.besideMlp === true,
    normed: typeof keys.normed === 'boolean' ? keys.normed : reader.flag(keys.normed, false),
    scale: keys.scaleKey === undefined ? 1 : reader.positive(keys.scaleKey),
    sharedSize: readSharedSize(reader, keys)
  }
  return Array.from({ length: layerCount }, (_, layer) =>
    keys.isDense?.(reader, layer, layerCount) === true ? null : experts
  )
}

/** Reads a number whose key has several names, because releases of transformers renamed it. All must agree. */
function renamedCount(reader: ConfigReader, keys: ExpertKeys['countKeys'], maximum?: number): number {
  const [first = keys[0], ...others] = keys.filter((key) => reader.configured(key) !== undefined)
  const count = reader.uniformCount(first, maximum)
  for (const key of others) if (reader.uniformCount(key) !== count) throw reader.bad(key, `${count}, as "${first}" is`)
  return count
}

/** Reads the inner size of the shared experts together; null if the model has none. */
function readSharedSize(reader: ConfigReader, { shared }: ExpertKeys): number | null {
  if (shared === undefined) return null
  if (shared.countKey === undefined) return reader.count(shared.sizeKey)
  const count = reader.value(shared.countKey)
  return count === null || count === 0 ? null : reader.count(shared.countKey) * reader.count(shared.sizeKey)
}

function readGroups(reader: ConfigReader, { groups }: ExpertKeys, expertCount: number): Experts['groups'] {
  if (groups === 'none') return null
  const method = reader.value('topk_method') ?? (groups === 'byLargest' ? 'greedy' : 'noaux_tc')
  if (groups === 'byLargest' && method === 'greedy') {
    reader.ignore('n_group', 'topk_group')
    return null
  }
  const expected = groups === 'byLargest' ? 'group_limited_greedy' : 'noaux_tc'
  if (method !== expected) throw reader.unsupported('topk_method', expected)
  const count = reader.count('n_group')
  const perRow = reader.count('topk_group', 1, count)
  const size = expertCount / count
  if (!Number.isInteger(size) || (groups === 'byTopTwo' && count > 1 && size < 2))
    throw reader.bad('n_group', `a divisor of the number of experts (${expertCount})`)
  return perRow === count ? null : { count, perRow, rank: groups }
}

/** Counts the experts that a row can choose from after its groups are chosen. */
function countChoices(groups: Experts['groups'], expertCount: number): number {
  return groups === null ? expertCount : (groups.perRow * expertCount) / groups.count
}

/** Reports whether a Qwen layer has one MLP: if the config lists the layer, or not every `decoder_sparse_step`-th. */
export function isListedDense(reader: ConfigReader, layer: number): boolean {
  const listed = reader.layerList('mlp_only_layers')
  return listed?.includes(layer) === true || (layer + 1) % reader.count('decoder_sparse_step') !== 0
}

/** Reports whether a layer is one of the first layers, which have an MLP instead of experts. */
export function isLeading(reader: ConfigReader, layer: number): boolean {
  return layer < reader.count('first_k_dense_replace', 0)
}

/** Reports whether a layer lies outside the range with experts, or between its steps. The end -1 is the last layer. */
export function isOutsideRange(reader: ConfigReader, layer: number, layerCount: number): boolean {
  const end = reader.value('moe_layer_end_index')
  const last = end === -1 || end === undefined ? layerCount - 1 : reader.count('moe_layer_end_index', 0)
  const first = reader.count('moe_layer_start_index', 0)
  return layer < first || layer > last || (layer + 1) % reader.count('moe_layer_interval') !== 0
}
