import { FEW_SHOT_WORD } from '../../../contract/model/few-shot'
import { BASELINE_FAMILIES, SAMPLING_KINDS } from '../../../contract/model/sampling-baseline'
import { isOpen, type MarkShape, type ModelTone } from '../../../contract/model/model-style'
import { rangeKey } from '../../../contract/model/strengths'
import { rangePhrase } from '../../ui/format'
import { translucent, type ChartColors } from '../../plots/chart-theme'
import type { MarkSeries } from '../../plots/mark-series'
import { isBlendPoint, isShownIn, type ScatterContent, type ScatterDatum, styleOf } from './scatter-content'
import { MARK_LOOKS } from '../board/mark-looks'
import {
  acrossLimit,
  firmRanges,
  frontRanges,
  minimumValidity,
  type OtherPoint,
  type RangePoint,
  type BaselinePoint,
  type ScoreBoard,
  wholeModels
} from '../board/score-board'

export type ScatterSeries = MarkSeries<ScatterDatum>

/** Caches the datum of each range, because thousands of points stay the same while scores arrive. */
const datumCache = new WeakMap<RangePoint, ScatterDatum>()

const rangeDatum =
  (board: Pick<ScoreBoard, 'source'>) =>
  (point: RangePoint): ScatterDatum => {
    const cached = datumCache.get(point)
    if (cached !== undefined) return cached
    const { validity: x, diversity: y } = point
    const drawn = { x, y, model: rangeKey(point, board), name: rangePhrase(point) }
    datumCache.set(point, drawn)
    return drawn
  }
const otherDatum = (point: OtherPoint): ScatterDatum => ({
  x: point.validity,
  y: point.diversity,
  model: point.key,
  name: point.name
})

const baselineDatum = ({ key, name, validity, diversity }: BaselinePoint): ScatterDatum => ({
  x: validity,
  y: diversity,
  model: key,
  name
})

/** Returns point styles with each model's own colour and shape. */
function marked(points: readonly OtherPoint[], colors: ChartColors): Partial<ScatterSeries> {
  const styles = points.map(styleOf)
  return {
    pointStyle: styles.map(({ shape }) => shape),
    pointBackgroundColor: styles.map(({ tone }) => colors[tone]),
    pointBorderColor: styles.map(({ tone, shape }) => (isOpen(shape) ? colors[tone] : colors.surface)),
    pointBorderWidth: styles.map(({ shape }) => (isOpen(shape) ? 2 : 1.5))
  }
}

const CURVES: readonly { kind: BaselinePoint['kind']; curve: string; tone: ModelTone; shape: MarkShape }[] = [
  ...SAMPLING_KINDS.map((kind) => ({ kind, ...BASELINE_FAMILIES[kind] })),
  { kind: 'tempered', curve: 'Selected range under temperature and min-p', tone: 'hybrid', shape: 'cross' }
]

/** Resolution of each axis from 0 to 1 while scores arrive: a quarter of a point's size, or less. */
const STREAMING_STEPS = 200

/**
 * Returns a filter that keeps only the first of overlapping points. The others are invisible, and drawing points takes
 * most of the time.
 */
function firstOfOverlapping(): (point: RangePoint) => boolean {
  const taken = new Uint8Array((STREAMING_STEPS + 1) ** 2)
  return ({ validity, diversity }) => {
    const cell =
      Math.round(validity * STREAMING_STEPS) * (STREAMING_STEPS + 1) + Math.round(diversity * STREAMING_STEPS)
    const free = taken[cell] !== 1
    taken[cell] = 1
    return free
  }
}

/** Models that are marked by rings, because they are compared with the selected range. */
const RINGS = [
  { kind: 'half', label: 'Attention and MLP of the selected range alone', pointStyle: 'circle' },
  { kind: 'control', label: 'Earliest, median and latest of the selected length', pointStyle: 'rectRot' }
] as const

const shownBaselines = (content: ScatterContent, kind: BaselinePoint['kind']): ScatterDatum[] =>
  content.board.baselines
    .filter((point) => point.kind === kind && isShownIn(content)(kind, point.key))
    .map(baselineDatum)

function rings(content: ScatterContent, colors: ChartColors): ScatterSeries[] {
  return RINGS.map(({ kind, label, pointStyle }) => ({
    label,
    data: shownBaselines(content, kind),
    pointStyle,
    pointRadius: 7,
    pointBackgroundColor: 'transparent',
    pointBorderColor: colors['ink-soft'],
    pointBorderWidth: 1.5
  }))
}

function baselineDatasets(content: ScatterContent, colors: ChartColors): ScatterSeries[] {
  return CURVES.map(({ kind, curve, tone, shape }) => ({
    label: curve,
    data: shownBaselines(content, kind),
    showLine: true,
    borderColor: translucent(colors[tone], 0.7),
    borderWidth: 1.25,
    borderDash: [3, 3],
    pointStyle: shape,
    pointRadius: 3,
    pointBackgroundColor: colors[tone],
    pointBorderColor: colors[tone],
    pointBorderWidth: 1
  }))
}

/** Returns the series of the scatter. They are drawn from the last to the first. */
export function scatterSeries(content: ScatterContent, colors: ChartColors): ScatterSeries[] {
  const { board, rho, brushed, chosen, selected, hidden, failed } = content
  const datum = rangeDatum(board)
  const minimum = minimumValidity(board, rho)
  const only = (key: string | null): ScatterDatum[] => {
    if (key === null) return []
    const all = [
      ...board.ranges.map(datum),
      ...board.others.map(otherDatum),
      ...board.baselines.map(baselineDatum)
    ]
    return all.filter(({ model }) => model === key).slice(0, 1)
  }
  // Marking does not split the blends, which are one curve like the baselines.
  const isMarked = (key: string): boolean => brushed === null || brushed.has(key)
  const visiblePoints = (kind: OtherPoint['kind']): OtherPoint[] =>
    board.others.filter((point) => point.kind === kind && (isBlendPoint(kind) || isMarked(point.key)))
  const others = (kind: OtherPoint['kind']): ScatterDatum[] => visiblePoints(kind).map(otherDatum)
  const visible = (points: readonly RangePoint[]): readonly RangePoint[] =>
    content.streaming && content.zoom === null ? points.filter(firstOfOverlapping()) : points
  const isSeen = (point: RangePoint): boolean => brushed === null || brushed.has(rangeKey(point, board))
  const unmarked = brushed === null ? [] : board.ranges.filter((point) => !isSeen(point))
  const across = acrossLimit(board, minimum)
  const feasible = visible(across.feasible.filter(isSeen))
  const infeasible = visible(across.below.filter(isSeen))
  const exactRanges = firmRanges(board)
  const firm = exactRanges === board.ranges ? null : new Set(exactRanges)
  const whole = (key: string): ScatterDatum[] =>
    wholeModels(board)
      .filter((model) => model.key === key)
      .map(({ score }) => ({ x: score.validity, y: score.diversity, model: key, name: key }))
  const datasets: ScatterSeries[] = [
    {
      label: 'Inspected',
      data: chosen === selected ? [] : only(chosen),
      pointRadius: 7,
      pointBackgroundColor: colors.hybrid,
      pointBorderColor: colors.accent,
      pointBorderWidth: 3
    },
    {
      label: 'Selected',
      data: only(selected),
      pointRadius: 8,
      pointBackgroundColor: colors.hybrid,
      pointBorderColor: colors.ink,
      pointBorderWidth: 2.5
    },
    {
      label: 'Post',
      data: whole('post'),
      pointStyle: 'rectRot',
      pointRadius: 8,
      pointBackgroundColor: colors.post,
      pointBorderColor: colors.surface,
      pointBorderWidth: 1.5
    },
    {
      label: 'Base',
      data: whole('base'),
      pointStyle: 'rect',
      pointRadius: 7,
      pointBackgroundColor: colors.base,
      pointBorderColor: colors.surface,
      pointBorderWidth: 1.5
    },
    {
      label: 'Base after a few-shot prompt',
      data: whole(FEW_SHOT_WORD),
      pointStyle: 'star',
      pointRadius: 7,
      pointBorderColor: colors.base,
      pointBorderWidth: 2
    },
    {
      label: 'Found by the search',
      data: others('search-result'),
      pointStyle: 'star',
      pointRadius: 7,
      pointBorderColor: colors.hybrid,
      pointBorderWidth: 2
    },
    {
      label: 'Recipes',
      data: others('recipe'),
      ...marked(visiblePoints('recipe'), colors),
      pointRadius: 6.5
    },
    {
      label: 'Other checkpoints',
      data: others('checkpoint'),
      ...marked(visiblePoints('checkpoint'), colors),
      pointRadius: 6.5
    },
    ...(['uniform-blend', 'depth-ramp'] as const).map((kind) => ({
      label: kind === 'uniform-blend' ? 'Blends' : BASELINE_FAMILIES[kind].curve,
      data: others(kind).filter(({ model }) => isShownIn(content)(kind, model ?? '')),
      // While scores arrive, a line between the known blends could pass where no blend is. Ramps are two curves.
      showLine: kind === 'uniform-blend' && !content.streaming,
      borderColor: colors['ink-soft'],
      borderWidth: 1.5,
      pointStyle: BASELINE_FAMILIES[kind].shape,
      pointRadius: 2.5,
      pointBackgroundColor: colors['ink-soft'],
      pointBorderColor: colors['ink-soft'],
      pointBorderWidth: kind === 'uniform-blend' ? 0 : 1
    })),
    ...rings(content, colors),
    ...baselineDatasets(content, colors),
    {
      label: 'Fails check',
      data:
        failed.size === 0
          ? []
          : board.ranges.filter((point) => isSeen(point) && failed.has(rangeKey(point, board))).map(datum),
      pointStyle: 'crossRot',
      pointRadius: 5.5,
      pointBackgroundColor: 'transparent',
      pointBorderColor: colors[MARK_LOOKS.failed.color],
      pointBorderWidth: MARK_LOOKS.failed.width
    },
    {
      label: 'Ranges',
      data: (firm === null ? feasible : feasible.filter((point) => firm.has(point))).map(datum),
      pointRadius: 4,
      pointBackgroundColor: translucent(colors.hybrid, 0.75),
      pointBorderColor: colors.surface,
      pointBorderWidth: 0.75
    },
    {
      label: 'Estimated ranges',
      data: firm === null ? [] : feasible.filter((point) => !firm.has(point)).map(datum),
      pointRadius: 2.5,
      pointBackgroundColor: translucent(colors.hybrid, 0.4),
      pointBorderWidth: 0
    },
    {
      label: 'Ranges below the limit',
      data: hidden.includes('below') ? [] : infeasible.map(datum),
      pointRadius: 3.5,
      pointBackgroundColor: 'transparent',
      pointBorderColor: translucent(colors.hybrid, 0.7),
      pointBorderWidth: 1.25
    },
    {
      label: 'Not marked',
      data: visible(unmarked).map(datum),
      pointRadius: 3,
      pointBackgroundColor: translucent(colors.hybrid, 0.2),
      pointBorderWidth: 0
    },
    {
      label: 'Sweep before',
      data: visible(content.before?.ranges ?? []).map((point) => ({ ...datum(point), model: null })),
      pointRadius: 3,
      pointHitRadius: 0,
      pointHoverRadius: 0,
      pointBackgroundColor: translucent(colors.hybrid, 0.2),
      pointBorderWidth: 0
    },
    {
      label: 'Pareto front',
      data: hidden.includes('front') ? [] : frontRanges(board, content.rejected).map(datum),
      showLine: true,
      borderColor: translucent(colors.hybrid, 0.6),
      borderWidth: 1.5,
      pointRadius: 0,
      pointHitRadius: 0,
      pointHoverRadius: 0
    }
  ]
  // Points at the edge of the axes are drawn completely. Points outside a zoom are clipped.
  return datasets.map((dataset) => ({ clip: content.zoom === null ? 20 : 4, ...dataset }))
}
