import type { Interval } from '../../contract/documents/crc'
import type { LayerShares, TaskShares } from '../../contract/documents/search'
import { elementAt } from '../../contract/model/look-up'
import { toCsv } from '../ui/csv'

export interface Share {
  value: number
  interval: Interval | null
}

export interface ShareRow {
  layer: number
  diversity: Share
  validity: Share
  /** Shares in other measures of the task; empty for the character task. */
  taskShares: (Share & { measure: TaskShares['measure'] })[]
  alone: { diversity: number; validity: number }
  leftOut: { diversity: number; validity: number }
}

/** Returns the Shapley shares of each layer, one row per layer. */
export function shareRows({ diversity, validity, intervals, further, alone, leftOut }: LayerShares): ShareRow[] {
  const share = (values: readonly number[], ends: readonly Interval[] | null, layer: number): Share => ({
    value: elementAt(values, layer, 'layer'),
    interval: ends === null ? null : elementAt(ends, layer, 'layer')
  })
  return diversity.map((_, layer) => ({
    layer,
    diversity: share(diversity, intervals?.diversity ?? null, layer),
    validity: share(validity, intervals?.validity ?? null, layer),
    taskShares: further.map((each) => ({ measure: each.measure, ...share(each.values, each.intervals, layer) })),
    alone: {
      diversity: elementAt(alone.diversity, layer, 'layer'),
      validity: elementAt(alone.validity, layer, 'layer')
    },
    leftOut: {
      diversity: elementAt(leftOut.diversity, layer, 'layer'),
      validity: elementAt(leftOut.validity, layer, 'layer')
    }
  }))
}

/** Returns the largest share or end of an interval of both measures: the end of the bars, above 0. */
export const sharesScale = (rows: readonly ShareRow[]): number =>
  Math.max(
    1e-9,
    ...rows
      .flatMap(({ diversity, validity }) => [diversity, validity])
      .flatMap(({ value, interval }) => [value, ...(interval ?? [])])
      .map(Math.abs)
  )

/** Returns a row for each layer, with intervals and interactions if the shares have them. */
export function sharesCsv(shares: LayerShares): string {
  const { intervals, further, interactions } = shares
  const head = [
    'layer',
    'shapley_diversity',
    'shapley_validity',
    'alone_diversity',
    'alone_validity',
    'left_out_diversity',
    'left_out_validity',
    ...(intervals === null ? [] : ['diversity_low', 'diversity_high', 'validity_low', 'validity_high']),
    ...further.map(({ measure }) => `shapley_${measure}`),
    ...(interactions ?? []).map((_, layer) => `diversity_with_${layer}`)
  ]
  const rows = shareRows(shares).map(({ layer, diversity, validity, taskShares, alone, leftOut }) => [
    ...[layer, diversity.value, validity.value],
    ...[alone.diversity, alone.validity, leftOut.diversity, leftOut.validity],
    ...(diversity.interval ?? []),
    ...(validity.interval ?? []),
    ...taskShares.map(({ value }) => value),
    ...(interactions === null ? [] : elementAt(interactions, layer, 'layer'))
  ])
  return toCsv(head, rows)
}
