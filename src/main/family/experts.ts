import type { ConfigReader } from './config-reader'
import type { ExpertKeys, Family } from './family'

/** How a layer sends each row to a few of many MLPs, its experts, in place of one. */
export interface Experts {
  readonly count: number
  /** Experts that a row goes through: those to which the router gives the largest probabilities. */
  readonly perRow: number
  /** Inner size of each. */
  readonly size: number
  /** Whether the weights of a row's experts are made to sum to one; else they are probabilities among all of them. */
  readonly normed: boolean
}

/** For each layer its experts; null where one MLP does all. */
export function layerExperts(reader: ConfigReader, family: Family, layerCount: number): (Experts | null)[] {
  const { experts: keys } = family
  if (keys === null) return new Array<null>(layerCount).fill(null)
  const count = expertCount(reader, keys)
  const experts: Experts = {
    count,
    perRow: reader.count('num_experts_per_tok', 1, count),
    size: reader.count(keys.sizeKey),
    normed: typeof keys.normed === 'boolean' ? keys.normed : reader.flag(keys.normed, false)
  }
  return Array.from({ length: layerCount }, (_, layer) =>
    keys.someDense && isDense(reader, layer) ? null : experts
  )
}

/** Releases that renamed the key write one name or the other. */
function expertCount(reader: ConfigReader, { countKeys }: ExpertKeys): number {
  const written = countKeys.filter((key) => reader.written(key) !== undefined)
  const [first = countKeys[0], ...others] = written
  const count = reader.count(first)
  for (const key of others)
    if (reader.count(key) !== count) throw reader.bad(key, `${count}, as "${first}" is`)
  return count
}

/** Whether a layer has one MLP, in a family of which some layers may: those that are listed, and those between the sparse ones. */
function isDense(reader: ConfigReader, layer: number): boolean {
  const value = reader.value('mlp_only_layers')
  const listed = value === undefined || value === null ? [] : value
  if (!Array.isArray(listed) || !listed.every((index) => Number.isInteger(index)))
    throw reader.bad('mlp_only_layers', 'a list of layers, counted from 0')
  return listed.includes(layer) || (layer + 1) % reader.count('decoder_sparse_step') !== 0
}
