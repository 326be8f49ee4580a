import type { Interval } from '../../contract/documents/crc'
import type { LayerShares } from '../../contract/documents/search'
import { at } from '../../contract/model/look-up'
import { toCsv } from '../ui/csv'

/** A share, with its interval where it was sampled. */
export interface Share {
  value: number
  interval: Interval | null
}

export interface ShareRow {
  layer: number
  diversity: Share
  validity: Share
  alone: { diversity: number; validity: number }
  leftOut: { diversity: number; validity: number }
}

/** What each layer contributes, a row for each. */
export function shareRows({ diversity, validity, intervals, alone, leftOut }: LayerShares): ShareRow[] {
  const share = (values: readonly number[], ends: readonly Interval[] | undefined, layer: number): Share => ({
    value: at(values, layer, 'layer'),
    interval: ends === undefined ? null : at(ends, layer, 'layer')
  })
  return diversity.map((_, layer) => ({
    layer,
    diversity: share(diversity, intervals?.diversity, layer),
    validity: share(validity, intervals?.validity, layer),
    alone: { diversity: at(alone.diversity, layer, 'layer'), validity: at(alone.validity, layer, 'layer') },
    leftOut: {
      diversity: at(leftOut.diversity, layer, 'layer'),
      validity: at(leftOut.validity, layer, 'layer')
    }
  }))
}

/** The largest share or end of an interval, of either measure: where bars end. Above 0. */
export const sharesScale = (rows: readonly ShareRow[]): number =>
  Math.max(
    1e-9,
    ...rows
      .flatMap(({ diversity, validity }) => [diversity, validity])
      .flatMap(({ value, interval }) => [value, ...(interval ?? [])])
      .map(Math.abs)
  )

/** The pairs of layers that add most, or least, together; none where only some subsets are known. */
export function strongestInteractions(
  { interactions }: LayerShares,
  count: number
): { layers: [number, number]; value: number }[] {
  return (interactions ?? [])
    .flatMap((row, a) => row.map((value, b) => ({ layers: [a, b] satisfies [number, number], value })))
    .filter(({ layers: [a, b] }) => a < b)
    .sort((one, other) => Math.abs(other.value) - Math.abs(one.value))
    .slice(0, count)
}

/** A row for each layer; with intervals where the shares have them, and its interactions where those are known. */
export function sharesCsv(shares: LayerShares): string {
  const { intervals, interactions } = shares
  const head = [
    'layer',
    'shapley_diversity',
    'shapley_validity',
    'alone_diversity',
    'alone_validity',
    'left_out_diversity',
    'left_out_validity',
    ...(intervals === null ? [] : ['diversity_low', 'diversity_high', 'validity_low', 'validity_high']),
    ...(interactions ?? []).map((_, layer) => `diversity_with_${layer}`)
  ]
  const rows = shareRows(shares).map(({ layer, diversity, validity, alone, leftOut }) => [
    ...[layer, diversity.value, validity.value],
    ...[alone.diversity, alone.validity, leftOut.diversity, leftOut.validity],
    ...(diversity.interval ?? []),
    ...(validity.interval ?? []),
    ...(interactions === null ? [] : at(interactions, layer, 'layer'))
  ])
  return toCsv(head, rows)
}
