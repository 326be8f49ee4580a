import { elementAt } from '../../contract/model/look-up'
import { LATENT_EPSILON, type LatentAttention } from '../family/latent'
import type { LayerParts } from './layer-parts'
import { rmsNormBy } from './norms'

// Projections of latent attention (see `LatentAttention`): down to a small vector, a norm, and up to all heads. Each
// head has dimensions that RoPE rotates, and plain ones. Checkpoints store the plain ones first, RoPE needs them last.

/** Projects normed rows to queries, [rows, heads x headSize], with the rotating dimensions first. */
export function latentQueries(layer: LayerParts, { queryRank, plainSize }: LatentAttention, rows: string): string {
  const { graph, spec } = layer
  const { headCount, headSize, rotarySize } = spec
  const down = (): string =>
    normLatent(layer, 'attention/q_a', layer.project('attention/q_a_proj', rows, 'qDown', 'qDownBias'), 'qDownNorm')
  const q = layer.project('attention/q_b_proj', queryRank === null ? rows : down(), 'qUp')
  const heads = graph.reshape('attention/latent/q/heads', q, [-1, headCount, headSize])
  const [plain, rotating] = splitInTwo(layer, 'attention/latent/q/parts', heads, [plainSize, rotarySize])
  return joinHeads(layer, 'attention/latent/q', rotating, plain)
}

/** Projects normed rows to keys before RoPE, in the order of queries, and to values, [rows, heads x valueSize]. */
export function latentKeyValues(
  layer: LayerParts,
  { rank, plainSize }: LatentAttention,
  rows: string
): [keys: string, values: string] {
  const { graph, spec } = layer
  const { headCount, rotarySize, valueSize } = spec
  const down = layer.project('attention/kv_a_proj', rows, 'kvDown', 'kvDownBias')
  const [latent, rotating] = splitInTwo(layer, 'attention/kv_a/parts', down, [rank, rotarySize])
  const up = layer.project('attention/kv_b_proj', normLatent(layer, 'attention/kv_a', latent, 'kvDownNorm'), 'kvUp')
  const heads = graph.reshape('attention/latent/kv/heads', up, [-1, headCount, plainSize + valueSize])
  const [plain, values] = splitInTwo(layer, 'attention/latent/kv/parts', heads, [plainSize, valueSize])
  // All heads share the rotating dimensions of a key.
  const inAllHeads = graph.node('attention/latent/k/rotating', 'Expand', [
    graph.reshape('attention/latent/k/rotating/one', rotating, [-1, 1, rotarySize]),
    graph.constant('attention/latent/k/rotating/heads', BigInt64Array.of(1n, BigInt(headCount), 1n))
  ])
  return [
    joinHeads(layer, 'attention/latent/k', inAllHeads, plain),
    graph.reshape('attention/latent/v/rows', values, [-1, headCount * valueSize])
  ]
}

function normLatent(layer: LayerParts, path: string, value: string, role: 'qDownNorm' | 'kvDownNorm'): string {
  return rmsNormBy(layer.graph, path, value, layer.weight(role), LATENT_EPSILON)
}

function splitInTwo(
  layer: LayerParts,
  path: string,
  value: string,
  sizes: readonly [number, number]
): [string, string] {
  const parts = layer.splitColumns(path, value, sizes)
  return [elementAt(parts, 0, 'part'), elementAt(parts, 1, 'part')]
}

function joinHeads({ graph, spec }: LayerParts, path: string, rotating: string, plain: string): string {
  const heads = graph.node(`${path}/rotated`, 'Concat', [rotating, plain], { axis: { int: -1 } })
  return graph.reshape(`${path}/rows`, heads, [-1, spec.headCount * spec.headSize])
}
