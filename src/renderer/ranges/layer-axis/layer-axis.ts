import { COMPONENT_LABELS, DISTANCE_COMPONENTS, type DistancesDocument } from '../../../contract/documents/distances'
import type { Bootstrap, Selection } from '../../../contract/documents/crc'
import type { RestorationRange } from '../../../contract/model/recipe'
import { spanKey } from '../../../contract/model/strengths'
import { plateauOf } from '../../../contract/words/plateau'
import type { LayerShares } from '../../../contract/documents/search'
import type { ScoredByBrief } from '../../../contract/documents/scored-by'
import { scoreWords } from '../../../contract/words/score-words'
import { taskShareWords } from '../../../contract/words/share-words'
import { formatDelta, formatPercent } from '../../ui/format'
import type { ScoreBoard } from '../board/score-board'

/** A row of the axis with one value per layer; null for a layer without a value. */
export interface LayerRow {
  kind: 'weights' | 'alone' | 'left out' | 'shapley'
  label: string
  values: readonly (number | null)[]
  /** True for a diverging row, which is centred on 0. */
  centred: boolean
  format: (value: number) => string
}

/** Relative norms below this are written with an exponent, because three decimals would show 0. */
const TINY = 1e-3

const formatNorm = (value: number): string => (value === 0 || value >= TINY ? value.toFixed(3) : value.toExponential(0))

/**
 * Returns how far post-training moved each layer and each of its components: ‖post − base‖ / ‖base‖. Components that
 * did not move are left out.
 */
export function weightRows({ layers, components }: DistancesDocument): LayerRow[] {
  const row = (label: string, values: readonly (number | null)[]): LayerRow => ({
    kind: 'weights',
    label,
    values,
    centred: false,
    format: formatNorm
  })
  const parts = DISTANCE_COMPONENTS.flatMap((component) => {
    const byLayer = new Map(
      components.flatMap((part) =>
        part.layer === null || part.component !== component ? [] : [[part.layer, part.relativeNorm] as const]
      )
    )
    const moved = [...byLayer.values()].some((norm) => norm !== 0)
    return moved
      ? [
          row(
            `weights, ${COMPONENT_LABELS[component]}`,
            layers.map(({ layer }) => byLayer.get(layer) ?? null)
          )
        ]
      : []
  })
  return [
    row(
      'weights, whole layer',
      layers.map(({ relativeNorm }) => relativeNorm)
    ),
    ...parts
  ]
}

/**
 * Returns the effect of each layer from the scores of a sweep. "Restored alone" is the gain over post. "Left out" is
 * the mean change when the layer is dropped from the start or end of a range that has other layers.
 */
export function effectRows(board: ScoreBoard): LayerRow[] {
  const { post, layerCount } = board
  const scores = new Map(board.ranges.map((range) => [spanKey(range), range]))
  const words = scoreWords(board.scoredBy)
  const layers = Array.from({ length: layerCount }, (_, layer) => layer)
  const without = (layer: number, measure: 'validity' | 'diversity'): number | null => {
    const change = (withLayer: RestorationRange, withoutLayer: RestorationRange): number[] => {
      const [full, reduced] = [scores.get(spanKey(withLayer)), scores.get(spanKey(withoutLayer))]
      return full === undefined || reduced === undefined ? [] : [reduced[measure] - full[measure]]
    }
    const changes = layers.flatMap((other) => {
      if (other > layer) return change({ start: layer, end: other }, { start: layer + 1, end: other })
      if (other < layer) return change({ start: other, end: layer }, { start: other, end: layer - 1 })
      return []
    })
    return changes.length === 0 ? null : changes.reduce((sum, value) => sum + value, 0) / changes.length
  }
  const alone = (layer: number, measure: 'validity' | 'diversity'): number | null => {
    const score = scores.get(spanKey({ start: layer, end: layer }))
    return post === null || score === undefined ? null : score[measure] - post[measure]
  }
  return (['diversity', 'validity'] as const).flatMap((measure) => [
    {
      kind: 'alone' as const,
      label: `${words[measure]}, restored alone`,
      values: layers.map((layer) => alone(layer, measure)),
      centred: true,
      format: (value: number) => formatDelta(value)
    },
    {
      kind: 'left out' as const,
      label: `${words[measure]}, left out`,
      values: layers.map((layer) => without(layer, measure)),
      centred: true,
      format: (value: number) => formatDelta(value)
    }
  ])
}

/** Returns the contribution of each layer that a search found. */
export function shapleyRows(shares: LayerShares, scoredBy: ScoredByBrief): LayerRow[] {
  const words = scoreWords(scoredBy)
  return [
    [words.diversity, shares.diversity] as const,
    [words.validity, shares.validity] as const,
    ...shares.further.map(({ measure, values }) => [taskShareWords(measure, scoredBy), values] as const)
  ].map(([measure, values]) => ({
    kind: 'shapley',
    label: `${measure}, Shapley value`,
    values,
    centred: true,
    format: (value: number) => formatDelta(value)
  }))
}

/** Maximum number of ranges shown. More would repeat the triangle. */
const MAX_RANGES = 6

/** A winning range with its share of wins. The share is null if it is unknown. */
export type ShownRange = RestorationRange & { share: number | null }

/**
 * Returns the selected range and the other ranges that win most often.
 *
 * @param certainty null if the shares are unknown
 */
export function shownRanges(
  { selected }: Pick<Selection, 'selected'>,
  certainty: Pick<Bootstrap, 'wins'> | null
): ShownRange[] {
  if (certainty === null) return selected === null ? [] : [{ ...selected, share: null }]
  const key = selected === null ? null : spanKey(selected)
  const members = plateauOf(certainty).filter((range) => spanKey(range) !== key)
  const share = certainty.wins.find((win) => spanKey(win) === key)?.share ?? 0
  return [...(selected === null ? [] : [{ ...selected, share }]), ...members].slice(0, MAX_RANGES)
}

/** Labels the bar of a range above the layers: by its share of wins, if that is known. */
export const rangeBarLabel = ({ share }: ShownRange): string =>
  share === null ? 'selected' : `${formatPercent(share)} of wins`

/** Returns the values at both ends of a row's colour scale. */
export function rowDomain({ values, centred }: Pick<LayerRow, 'values' | 'centred'>): [number, number] {
  const reach = Math.max(...values.map((value) => Math.abs(value ?? 0))) || 1
  return centred ? [-reach, reach] : [0, reach]
}
