import { FEW_SHOT_WORD } from '../../../contract/model/few-shot'
import { BASELINE_FAMILIES, SAMPLING_KINDS } from '../../../contract/model/sampling-baseline'
import { isOpen, type MarkShape, type ModelTone } from '../../../contract/model/model-style'
import { rangeKey } from '../../../contract/model/strengths'
import { rangePhrase } from '../../ui/format'
import { translucent, type ChartColors } from '../../plots/chart-theme'
import type { MarkSeries } from '../../plots/plot-picture'
import { isBlendPoint, isShownIn, type ScatterContent, type ScatterDatum, styleOf } from './scatter-content'
import { MARK_LOOKS } from '../board/mark-looks'
import {
  splitAtLimit,
  fullyScoredRanges,
  paretoRanges,
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
const modelDatum = ({ key, name, validity, diversity }: OtherPoint | BaselinePoint): ScatterDatum => ({
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
  { kind: 'half', label: 'Attention and MLP of the selected range alone', shape: 'circle' },
  { kind: 'control', label: 'Earliest, median and latest of the selected length', shape: 'rectRot' }
] as const

interface MarkStyle {
  shape?: MarkShape
  fill?: string
  /** Colour and width of the outline. */
  line?: string
  width?: number
}

const marks = (
  label: string,
  data: ScatterDatum[],
  pointRadius: number,
  { shape = 'circle', fill = 'transparent', line = 'transparent', width = 0 }: MarkStyle
): ScatterSeries => ({
  label,
  data,
  pointStyle: shape,
  pointRadius,
  pointBackgroundColor: fill,
  pointBorderColor: line,
  pointBorderWidth: width
})

/** Returns the series of the scatter. They are drawn from the last to the first. */
export function scatterSeries(content: ScatterContent, colors: ChartColors): ScatterSeries[] {
  const { board, rho, brushed, chosen, selected, hidden, failed } = content
  const datum = rangeDatum(board)
  const minimum = minimumValidity(board, rho)
  const only = (key: string | null): ScatterDatum[] => {
    if (key === null) return []
    const all = [...board.ranges.map(datum), ...[...board.others, ...board.baselines].map(modelDatum)]
    return all.filter(({ model }) => model === key).slice(0, 1)
  }
  // Marking does not split the blends, which are one curve like the baselines.
  const isMarked = (key: string): boolean => brushed === null || brushed.has(key)
  const visiblePoints = (kind: OtherPoint['kind']): OtherPoint[] =>
    board.others.filter((point) => point.kind === kind && (isBlendPoint(kind) || isMarked(point.key)))
  const others = (kind: OtherPoint['kind']): ScatterDatum[] => visiblePoints(kind).map(modelDatum)
  const visible = (points: readonly RangePoint[]): readonly RangePoint[] =>
    content.streaming && content.zoom === null ? points.filter(firstOfOverlapping()) : points
  const isSeen = (point: RangePoint): boolean => brushed === null || brushed.has(rangeKey(point, board))
  const unmarked = brushed === null ? [] : board.ranges.filter((point) => !isSeen(point))
  const across = splitAtLimit(board, minimum)
  const feasible = visible(across.feasible.filter(isSeen))
  const infeasible = visible(across.below.filter(isSeen))
  const exactRanges = fullyScoredRanges(board)
  const firm = exactRanges === board.ranges ? null : new Set(exactRanges)
  const whole = (key: string): ScatterDatum[] =>
    wholeModels(board)
      .filter((model) => model.key === key)
      .map(({ score }) => ({ x: score.validity, y: score.diversity, model: key, name: key }))
  const isShown = isShownIn(content)
  const baselines = (kind: BaselinePoint['kind']): ScatterDatum[] =>
    board.baselines.filter((point) => point.kind === kind && isShown(kind, point.key)).map(modelDatum)
  const { hybrid, surface, post, base, ink, accent } = colors
  const soft = colors['ink-soft']
  const pale = { fill: translucent(hybrid, 0.2) }
  const untouched = { pointHitRadius: 0, pointHoverRadius: 0 }
  const datasets: ScatterSeries[] = [
    marks('Inspected', chosen === selected ? [] : only(chosen), 7, { fill: hybrid, line: accent, width: 3 }),
    marks('Selected', only(selected), 8, { fill: hybrid, line: ink, width: 2.5 }),
    marks('Post', whole('post'), 8, { shape: 'rectRot', fill: post, line: surface, width: 1.5 }),
    marks('Base', whole('base'), 7, { shape: 'rect', fill: base, line: surface, width: 1.5 }),
    marks('Base after a few-shot prompt', whole(FEW_SHOT_WORD), 7, { shape: 'star', line: base, width: 2 }),
    marks('Found by the search', others('search-result'), 7, { shape: 'star', line: hybrid, width: 2 }),
    ...(['recipe', 'checkpoint'] as const).map((kind) => ({
      label: kind === 'recipe' ? 'Recipes' : 'Other checkpoints',
      data: others(kind),
      ...marked(visiblePoints(kind), colors),
      pointRadius: 6.5
    })),
    ...(['uniform-blend', 'depth-ramp'] as const).map((kind) => ({
      ...marks(
        kind === 'uniform-blend' ? 'Blends' : BASELINE_FAMILIES[kind].curve,
        others(kind).filter(({ model }) => isShown(kind, model ?? '')),
        2.5,
        {
          shape: BASELINE_FAMILIES[kind].shape,
          fill: soft,
          line: soft,
          width: kind === 'uniform-blend' ? 0 : 1
        }
      ),
      // While scores arrive, a line between the known blends could pass where no blend is. Ramps are two curves.
      showLine: kind === 'uniform-blend' && !content.streaming,
      borderColor: soft,
      borderWidth: 1.5
    })),
    ...RINGS.map(({ kind, label, shape }) => marks(label, baselines(kind), 7, { shape, line: soft, width: 1.5 })),
    ...CURVES.map(({ kind, curve, tone, shape }): ScatterSeries => ({
      ...marks(curve, baselines(kind), 3, { shape, fill: colors[tone], line: colors[tone], width: 1 }),
      showLine: true,
      borderColor: translucent(colors[tone], 0.7),
      borderWidth: 1.25,
      borderDash: [3, 3]
    })),
    marks(
      'Fails check',
      failed.size === 0
        ? []
        : board.ranges.filter((point) => isSeen(point) && failed.has(rangeKey(point, board))).map(datum),
      5.5,
      { shape: 'crossRot', line: colors[MARK_LOOKS.failed.color], width: MARK_LOOKS.failed.width }
    ),
    marks('Ranges', (firm === null ? feasible : feasible.filter((point) => firm.has(point))).map(datum), 4, {
      fill: translucent(hybrid, 0.75),
      line: surface,
      width: 0.75
    }),
    marks('Estimated ranges', firm === null ? [] : feasible.filter((point) => !firm.has(point)).map(datum), 2.5, {
      fill: translucent(hybrid, 0.4)
    }),
    marks('Ranges below the limit', hidden.includes('below') ? [] : infeasible.map(datum), 3.5, {
      line: translucent(hybrid, 0.7),
      width: 1.25
    }),
    marks('Not marked', visible(unmarked).map(datum), 3, pale),
    {
      ...marks(
        'Sweep before',
        visible(content.before?.ranges ?? []).map((point) => ({ ...datum(point), model: null })),
        3,
        pale
      ),
      ...untouched
    },
    {
      label: 'Pareto front',
      data: hidden.includes('front') ? [] : paretoRanges(board, content.rejected).map(datum),
      showLine: true,
      borderColor: translucent(hybrid, 0.6),
      borderWidth: 1.5,
      pointRadius: 0,
      ...untouched
    }
  ]
  // Points at the edge of the axes are drawn completely. Points outside a zoom are clipped.
  return datasets.map((dataset) => ({ clip: content.zoom === null ? 20 : 4, ...dataset }))
}
