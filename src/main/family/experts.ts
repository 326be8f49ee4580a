import type { ConfigReader } from './config-reader'
import type { ExpertKeys, Family } from './family'

/** Describes the experts of a layer: each row goes through a few of many MLPs. */
export interface Experts {
  readonly count: number
  /** Number of experts for each row, those with the largest router probabilities. */
  readonly perRow: number
  /** Inner size of each expert. */
  readonly size: number
  /**
   * True if the weights of a row's experts sum to one; otherwise they are probabilities among all experts.
   */
  readonly normed: boolean
  /** Inner size of the MLP that every row also passes, weighted by a sigmoid of its own router; null without one. */
  readonly sharedSize: number | null
}

/** Lists the experts of each layer; null for a layer with one MLP. */
export function layerExperts(reader: ConfigReader, family: Family, layerCount: number): (Experts | null)[] {
  const { experts: keys } = family
  if (keys === null) return new Array<null>(layerCount).fill(null)
  const count = expertCount(reader, keys)
  const experts: Experts = {
    count,
    perRow: reader.count('num_experts_per_tok', 1, count),
    size: reader.count(keys.sizeKey),
    normed: typeof keys.normed === 'boolean' ? keys.normed : reader.flag(keys.normed, false),
    sharedSize: keys.sharedSizeKey === undefined ? null : reader.count(keys.sharedSizeKey)
  }
  return Array.from({ length: layerCount }, (_, layer) =>
    keys.someDense && isDense(reader, layer) ? null : experts
  )
}

/** Reads the number of experts. Releases that renamed the key write either name. */
function expertCount(reader: ConfigReader, { countKeys }: ExpertKeys): number {
  const configured = countKeys.filter((key) => reader.configured(key) !== undefined)
  const [first = countKeys[0], ...others] = configured
  const count = reader.count(first)
  for (const key of others)
    if (reader.count(key) !== count) throw reader.bad(key, `${count}, as "${first}" is`)
  return count
}

/** Reports whether a layer has one MLP: a listed layer, or one between the sparse layers. */
function isDense(reader: ConfigReader, layer: number): boolean {
  const listed = reader.layerList('mlp_only_layers')
  return listed?.includes(layer) === true || (layer + 1) % reader.count('decoder_sparse_step') !== 0
}
