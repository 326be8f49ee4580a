import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { LayerStrength } from '../../../contract/model/recipe'
import { elementAt } from '../../../contract/model/look-up'

/** For each layer whether all of it is base's. */
export type Subset = readonly boolean[]

/** All 2^L subsets; the highest bit of a subset's place is layer 0, so that neighbours have their first layers in common. */
export const subsetsOf = (layerCount: number): Subset[] =>
  Array.from({ length: 2 ** layerCount }, (_, place) =>
    Array.from({ length: layerCount }, (__, layer) => (place & bitOf(layer, layerCount)) !== 0)
  )

/** The place of a subset with this layer alone. */
export const bitOf = (layer: number, layerCount: number): number => 1 << (layerCount - 1 - layer)

/** Every subset with one layer missing. */
export const allButOne = (layerCount: number): Subset[] =>
  Array.from({ length: layerCount }, (_, missing) =>
    Array.from({ length: layerCount }, (__, layer) => layer !== missing)
  )

export const toStrengths = (subset: Subset): LayerStrength[] =>
  subset.map((restored) => (restored ? { attention: 1, mlp: 1 } : { attention: 0, mlp: 0 }))

/** An order of the layers, and its reverse. */
export type OrderPair = readonly [readonly number[], readonly number[]]

/** Random orders of the layers, the same ones from the same seed; more of them begin with the fewer. */
export function randomOrders(layerCount: number, pairs: number, seed: number): OrderPair[] {
  const random = xoroshiro128plus(seed)
  return Array.from({ length: pairs }, () => {
    const order = Array.from({ length: layerCount }, (_, layer) => layer)
    // Fisher and Yates's shuffle.
    for (let last = layerCount - 1; last > 0; last--) {
      const other = uniformInt(random, 0, last)
      const [a, b] = [elementAt(order, last, 'layer'), elementAt(order, other, 'layer')]
      order[last] = b
      order[other] = a
    }
    return [order, order.toReversed()]
  })
}

/** What is restored before the first layer of an order, after it, and so on to all. */
export function prefixes(order: readonly number[]): Subset[] {
  return Array.from({ length: order.length + 1 }, (_, count) => {
    const restored = new Set(order.slice(0, count))
    return order.map((_layer, layer) => restored.has(layer))
  })
}
