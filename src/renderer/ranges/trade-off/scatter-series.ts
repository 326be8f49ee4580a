import { FEW_SHOT_WORD } from '../../../contract/model/few-shot'
import {
  BASELINE_FAMILIES,
  type BlendBaseline,
  SAMPLING_KINDS,
  type SamplingBaseline
} from '../../../contract/model/sampling-baseline'
import { isOpen, type MarkShape, type ModelTone } from '../../../contract/model/model-style'
import { rangeKey, rangeOfKey } from '../../../contract/model/strengths'
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

type ScatterSeries = MarkSeries<ScatterDatum>

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
function markStyles(points: readonly OtherPoint[], colors: ChartColors): Partial<ScatterSeries> {
  const styles = points.map(styleOf)
  return {
    pointStyle: styles.map(({ shape }) => shape),
    pointBackgroundColor: styles.map(({ tone }) => colors[tone]),
    pointBorderColor: styles.map(({ tone, shape }) => (isOpen(shape) ? colors[tone] : colors.surface)),
    pointBorderWidth: styles.map(({ shape }) => (isOpen(shape) ? 2 : 1.5))
  }
}

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

/** Kinds of baselines whose points are joined by a curve, and of those that are marked by rings. */
const CURVES = [...SAMPLING_KINDS, 'tempered'] as const
const RINGS = ['half', 'control'] as const

interface MarkStyle {
  shape?: MarkShape
  fill?: string
  /** Colour and width of the outline. */
  line?: string
  width?: number
}

/** The style of a series, without its points. */
type SeriesLook = Omit<ScatterSeries, 'data'>

const marks = (
  label: string,
  pointRadius: number,
  { shape = 'circle', fill = 'transparent', line = 'transparent', width = 0 }: MarkStyle
): SeriesLook => ({
  label,
  pointStyle: shape,
  pointRadius,
  pointBackgroundColor: fill,
  pointBorderColor: line,
  pointBorderWidth: width
})

/** Returns the style of each series. The window's legend draws its keys with them. */
export function seriesLooks(colors: ChartColors) {
  const { hybrid, surface, post, base, ink, accent } = colors
  const soft = colors['ink-soft']
  const curve = (label: string, tone: ModelTone, shape: MarkShape): SeriesLook => ({
    ...marks(label, 3, { shape, fill: colors[tone], line: colors[tone], width: 1 }),
    showLine: true,
    borderColor: translucent(colors[tone], 0.7),
    borderWidth: 1.25,
    borderDash: [3, 3]
  })
  const family = (kind: SamplingBaseline['kind']): SeriesLook => {
    const { curve: label, tone, shape } = BASELINE_FAMILIES[kind]
    return curve(label, tone, shape)
  }
  const ramp = BASELINE_FAMILIES['depth-ramp']
  return {
    inspected: marks('Inspected', 7, { fill: hybrid, line: accent, width: 3 }),
    selected: marks('Selected', 8, { fill: hybrid, line: ink, width: 2.5 }),
    post: marks('Post', 8, { shape: 'rectRot', fill: post, line: surface, width: 1.5 }),
    base: marks('Base', 7, { shape: 'rect', fill: base, line: surface, width: 1.5 }),
    fewShot: marks('Base after a few-shot prompt', 7, { shape: 'star', line: base, width: 2 }),
    found: marks('Found by the search', 7, { shape: 'star', line: hybrid, width: 2 }),
    recipe: marks('Recipes', 6.5, { shape: 'triangle', fill: hybrid, line: surface, width: 1.5 }),
    checkpoint: marks('Other checkpoints', 6.5, {}),
    'uniform-blend': {
      ...marks('Blends', 2.5, { fill: soft, line: soft }),
      showLine: true,
      borderColor: soft,
      borderWidth: 1.5
    },
    'depth-ramp': marks(ramp.curve, 2.5, { shape: ramp.shape, fill: soft, line: soft, width: 1 }),
    half: marks('Attention and MLP of the selected range alone', 7, { line: soft, width: 1.5 }),
    control: marks('Earliest, median and latest of the selected length', 7, {
      shape: 'rectRot',
      line: soft,
      width: 1.5
    }),
    sampler: family('sampler'),
    'top-p': family('top-p'),
    'top-k': family('top-k'),
    'top-n-sigma': family('top-n-sigma'),
    mix: family('mix'),
    filter: family('filter'),
    tempered: curve('Selected range under temperature and min-p', 'hybrid', 'cross'),
    failed: marks('Fails check', 5.5, {
      shape: 'crossRot',
      line: colors[MARK_LOOKS.failed.color],
      width: MARK_LOOKS.failed.width
    }),
    range: marks('Ranges', 4, { fill: translucent(hybrid, 0.75), line: surface, width: 0.75 }),
    estimated: marks('Estimated ranges', 2.5, { fill: translucent(hybrid, 0.4) }),
    below: marks('Ranges below the limit', 3.5, { line: translucent(hybrid, 0.7), width: 1.25 }),
    unmarked: marks('Not marked', 3, { fill: translucent(hybrid, 0.2) }),
    before: { ...marks('Sweep before', 3, { fill: translucent(hybrid, 0.2) }), pointHitRadius: 0 },
    front: {
      label: 'Pareto front',
      showLine: true,
      borderColor: translucent(hybrid, 0.6),
      borderWidth: 1.5,
      pointRadius: 0,
      pointHitRadius: 0
    }
  } satisfies Readonly<Record<string, SeriesLook>>
}

/** Returns the series of the scatter. They are drawn from the last to the first. */
export function scatterSeries(content: ScatterContent, colors: ChartColors): ScatterSeries[] {
  const { board, rho, brushed, chosen, selected, hidden, failed } = content
  const datum = rangeDatum(board)
  const minimum = minimumValidity(board, rho)
  const only = (key: string | null): ScatterDatum[] => {
    const range = rangeOfKey(board, key)
    if (range !== undefined) return [datum(range)]
    return [...board.others, ...board.baselines]
      .filter((point) => point.key === key)
      .slice(0, 1)
      .map(modelDatum)
  }
  // Marking does not split the blends, which are one curve like the baselines.
  const isMarked = (key: string): boolean => brushed === null || brushed.has(key)
  const visiblePoints = (kind: OtherPoint['kind']): OtherPoint[] =>
    board.others.filter((point) => point.kind === kind && (isBlendPoint(kind) || isMarked(point.key)))
  const others = (kind: OtherPoint['kind']): ScatterDatum[] => visiblePoints(kind).map(modelDatum)
  const visible = (points: readonly RangePoint[]): readonly RangePoint[] =>
    content.streaming && content.zoom === null ? points.filter(firstOfOverlapping()) : points
  const isSeen = (point: RangePoint): boolean => isMarked(rangeKey(point, board))
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
  const blends = (kind: BlendBaseline['kind']): ScatterDatum[] =>
    others(kind).filter(({ model }) => isShown(kind, model ?? ''))
  const baselines = (kind: BaselinePoint['kind']): ScatterDatum[] =>
    board.baselines.filter((point) => point.kind === kind && isShown(kind, point.key)).map(modelDatum)
  const looks = seriesLooks(colors)
  const series: ScatterSeries[] = [
    { ...looks.inspected, data: chosen === selected ? [] : only(chosen) },
    { ...looks.selected, data: only(selected) },
    { ...looks.post, data: whole('post') },
    { ...looks.base, data: whole('base') },
    { ...looks.fewShot, data: whole(FEW_SHOT_WORD) },
    { ...looks.found, data: others('search-result') },
    ...(['recipe', 'checkpoint'] as const).map((kind) => ({
      ...looks[kind],
      data: others(kind),
      ...markStyles(visiblePoints(kind), colors)
    })),
    // While scores arrive, a line between the known blends could pass where no blend is. Ramps are two curves.
    { ...looks['uniform-blend'], data: blends('uniform-blend'), showLine: !content.streaming },
    { ...looks['depth-ramp'], data: blends('depth-ramp') },
    ...[...RINGS, ...CURVES].map((kind) => ({ ...looks[kind], data: baselines(kind) })),
    {
      ...looks.failed,
      data:
        failed.size === 0
          ? []
          : board.ranges.filter((point) => isSeen(point) && failed.has(rangeKey(point, board))).map(datum)
    },
    { ...looks.range, data: (firm === null ? feasible : feasible.filter((point) => firm.has(point))).map(datum) },
    { ...looks.estimated, data: firm === null ? [] : feasible.filter((point) => !firm.has(point)).map(datum) },
    { ...looks.below, data: hidden.includes('below') ? [] : infeasible.map(datum) },
    { ...looks.unmarked, data: visible(unmarked).map(datum) },
    {
      ...looks.before,
      data: visible(content.before?.ranges ?? []).map((point) => ({ ...datum(point), model: null }))
    },
    { ...looks.front, data: hidden.includes('front') ? [] : paretoRanges(board, content.rejected).map(datum) }
  ]
  // Points at the edge of the axes are drawn completely. Points outside a zoom are clipped.
  return series.map((each) => ({ clip: content.zoom === null ? 20 : 4, ...each }))
}
