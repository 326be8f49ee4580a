import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { LayerStrength } from '../../../contract/model/recipe'
import { elementAt } from '../../../contract/model/look-up'

/** A subset of the layers: true for each layer that is restored. */
export type Subset = readonly boolean[]

/** Lists all 2^L subsets of L layers. Layer 0 is the highest bit of the index, so neighbours share first layers. */
export const subsetsOf = (layerCount: number): Subset[] =>
  Array.from({ length: 2 ** layerCount }, (_, index) =>
    Array.from({ length: layerCount }, (__, layer) => (index & bitOf(layer, layerCount)) !== 0)
  )

export const bitOf = (layer: number, layerCount: number): number => 1 << (layerCount - 1 - layer)

export const allButOne = (layerCount: number): Subset[] =>
  Array.from({ length: layerCount }, (_, missing) =>
    Array.from({ length: layerCount }, (__, layer) => layer !== missing)
  )

/** Converts a subset to the strengths of a recipe. */
export const toStrengths = (subset: Subset): LayerStrength[] =>
  subset.map((restored) => (restored ? { attention: 1, mlp: 1 } : { attention: 0, mlp: 0 }))

/** An order of the layers and the reversed order. */
export type OrderPair = readonly [readonly number[], readonly number[]]

/** Draws random orders of the layers. For one seed, a longer list begins with the shorter one. */
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

/** Lists the subsets that arise when layers are restored one by one in an order, from none to all. */
export function prefixes(order: readonly number[]): Subset[] {
  return Array.from({ length: order.length + 1 }, (_, count) => {
    const restored = new Set(order.slice(0, count))
    return order.map((_layer, layer) => restored.has(layer))
  })
}
