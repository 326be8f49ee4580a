import { COMPONENT_LABELS, COMPONENTS, type DistancesDocument } from '../../../contract/documents/distances'
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

/** One number for each layer; null where there is none. */
export interface LayerRow {
  kind: 'weights' | 'alone' | 'left out' | 'shapley'
  label: string
  values: readonly (number | null)[]
  /** Diverging rows are centred on 0. */
  centred: boolean
  format: (value: number) => string
}

/** Relative norms below this differ in digits that nobody reads. */
const TINY = 1e-3

const formatNorm = (value: number): string =>
  value === 0 || value >= TINY ? value.toFixed(3) : value.toExponential(0)

/** How far post-training moved each layer, and each component of it that moved at all: ‖post − base‖ / ‖base‖. */
export function weightRows({ layers, components }: DistancesDocument): LayerRow[] {
  const row = (label: string, values: readonly (number | null)[]): LayerRow => ({
    kind: 'weights',
    label,
    values,
    centred: false,
    format: formatNorm
  })
  const parts = COMPONENTS.flatMap((component) => {
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
 * What a layer is worth, by what a sweep scored anyway: restored alone, its gain over post; and what leaving it out of a range changes,
 * mean over the ranges that begin or end with it and have other layers left.
 */
export function effectRows(board: ScoreBoard): LayerRow[] {
  const { post, layerCount } = board
  const scores = new Map(board.ranges.map((range) => [spanKey(range), range]))
  const words = scoreWords(board.scoredBy)
  const layers = Array.from({ length: layerCount }, (_, layer) => layer)
  const without = (layer: number, measure: 'validity' | 'diversity'): number | null => {
    const change = (whole: RestorationRange, rest: RestorationRange): number[] => {
      const [with_, left] = [scores.get(spanKey(whole)), scores.get(spanKey(rest))]
      return with_ === undefined || left === undefined ? [] : [left[measure] - with_[measure]]
    }
    const changes = layers.flatMap((other) =>
      other > layer
        ? change({ start: layer, end: other }, { start: layer + 1, end: other })
        : other < layer
          ? change({ start: other, end: layer }, { start: other, end: layer - 1 })
          : []
    )
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

/** What a search found that each layer contributes. */
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

/** More would be a picture of the triangle again. */
const MOST_RANGES = 6

/** One of them; how often it wins is null where that cannot be told. */
export type ShownRange = RestorationRange & { share: number | null }

/** The selected range, and those that win most often beside it. @param certainty null where that cannot be told */
export function shownRanges(
  { selected }: Pick<Selection, 'selected'>,
  certainty: Pick<Bootstrap, 'wins'> | null
): ShownRange[] {
  if (certainty === null) return selected === null ? [] : [{ ...selected, share: null }]
  const key = selected === null ? null : spanKey(selected)
  const members = plateauOf(certainty).filter((range) => spanKey(range) !== key)
  const share = certainty.wins.find((win) => spanKey(win) === key)?.share ?? 0
  return [...(selected === null ? [] : [{ ...selected, share }]), ...members].slice(0, MOST_RANGES)
}

/** What stands beside its bar. */
export const shareWords = ({ share }: ShownRange): string =>
  share === null ? 'selected' : `${formatPercent(share)} of wins`

/** The values that the ends of a row's colours stand for. */
export function rowDomain({ values, centred }: Pick<LayerRow, 'values' | 'centred'>): [number, number] {
  const reach = Math.max(...values.map((value) => Math.abs(value ?? 0))) || 1
  return centred ? [-reach, reach] : [0, reach]
}
