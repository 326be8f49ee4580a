import { briefDelta, briefScore, formatDelta, formatScore } from '../../ui/format'
import { capitalised } from '../../../contract/words/format'
import { type NamedScoring, scoreWords } from '../../../contract/words/score-words'
import { DIVERGING, VIRIDIS, type ColorScale } from '../../../contract/words/color-scale'
import type { RangePoint, ScoreBoard } from './score-board'

export interface MetricSpec {
  label: string
  describe: string
  value: (point: RangePoint, board: ScoreBoard) => number | null
  format: (value: number) => string
  /** Formats the number inside a cell, with two decimals and no leading zero. */
  brief: (value: number) => string
  scale: ColorScale
  /** True for a diverging metric, whose scale is centred on 0. */
  centred: boolean
}

/** Returns the metrics of the heatmap, with names that fit the task of the sweep. */
export function metricsOf(scoredBy: NamedScoring): Record<Metric, MetricSpec> {
  const words = scoreWords(scoredBy)
  return {
    diversity: {
      label: capitalised(words.diversity),
      describe: capitalised(words.means.diversity),
      value: (point) => point.diversity,
      format: formatScore,
      brief: briefScore,
      scale: VIRIDIS,
      centred: false
    },
    validity: {
      label: capitalised(words.validity),
      describe: capitalised(words.means.validity),
      value: (point) => point.validity,
      format: formatScore,
      brief: briefScore,
      scale: VIRIDIS,
      centred: false
    },
    gain: {
      label: 'Gain over post',
      describe: `${capitalised(words.diversity)} minus post's ${words.diversity}`,
      value: (point, board) => (board.post === null ? null : point.diversity - board.post.diversity),
      format: (value) => formatDelta(value),
      brief: briefDelta,
      scale: DIVERGING,
      centred: true
    }
  }
}

export const METRIC_NAMES = ['diversity', 'validity', 'gain'] as const
export type Metric = (typeof METRIC_NAMES)[number]

/**
 * Returns the values at both ends of the colour scale. A sequential metric spans its data, rounded to steps. A
 * diverging metric is symmetric around 0, so that the neutral colour means no change.
 *
 * @param steps steps of the ends in a range of 1
 */
export function metricDomain(values: readonly (number | null)[], centred: boolean, steps: number): [number, number] {
  let low = Infinity
  let high = -Infinity
  for (const value of values) {
    if (value === null) continue
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  if (low > high) return centred ? [-1, 1] : [0, 1]
  if (centred) {
    const reach = Math.max(1, Math.ceil(steps * Math.max(-low, high))) / steps
    return [-reach, reach]
  }
  const first = Math.floor(steps * low)
  return [first / steps, Math.max(first + 1, Math.ceil(steps * high)) / steps]
}
