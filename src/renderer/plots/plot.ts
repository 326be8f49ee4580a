import { isOpen, type MarkShape, type ModelTone } from '../../contract/model/model-style'
import { translucent, type ChartColors } from './chart-theme'
import type { DrawnLine, DrawnName } from './overlay'
import { roundStep } from './figures/axes-drawing'
import type { MarkSeries, PicturePoint, PlotAxis, PlotPicture } from './plot-picture'

/** A point with its tooltip and its intervals along both axes. */
export interface PlotPoint extends PicturePoint {
  lines: readonly string[]
  xInterval?: readonly [number, number]
  yInterval?: readonly [number, number]
}

export interface PlotSeries {
  name: string
  tone: ModelTone
  mark: MarkShape
  points: readonly PlotPoint[]
  /** True for a curve through the points. */
  connected?: boolean
  /** True if the name is shown: beside the point, or for a curve in a list below the plot. */
  named?: boolean
  /** Opacity, 0 to 1; 1 when left out. */
  opacity?: number
  radius: number
}

/** The content of a plot. Pure functions make it, and `plotPicture` gives it the colours of a window or a figure. */
export interface PlotContent {
  /** Describes the plot to readers who cannot see it. */
  label: string
  series: readonly PlotSeries[]
  x: PlotAxis
  y: PlotAxis
}

/**
 * Returns bounds at round numbers that contain all values, with room on both sides.
 *
 * @param limits bounds of possible values, which the axis does not exceed either
 */
export function roomyBounds(
  values: readonly number[],
  limits: readonly [number, number] = [-Infinity, Infinity]
): [number, number] {
  if (values.length === 0) return [0, 1]
  let low = Infinity
  let high = -Infinity
  for (const value of values) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  const size = Math.max(Math.abs(low), Math.abs(high))
  // Values that differ only by rounding errors count as one.
  const room = high - low > size * 1e-9 + 1e-12 ? (high - low) * 0.08 : Math.max(size * 0.1, 0.1)
  const step = roundStep((high - low + 2 * room) / 8)
  // Dividing by a whole number gives 0.3 instead of 0.30000000000000004.
  const ends = [Math.floor((low - room) / step), Math.ceil((high + room) / step)] as const
  const at = (steps: number): number => (step < 1 ? steps / Math.round(1 / step) : steps * step)
  return [Math.max(limits[0], at(ends[0])), Math.min(limits[1], at(ends[1]))]
}

/** Returns a plot as it is drawn. Its legend lists the series without a name beside their points. */
export function plotPicture(content: PlotContent, colors: ChartColors): PlotPicture<PlotPoint> {
  const { series, x, y } = content
  const listed = series.filter(
    ({ named, connected, points }) => (connected === true || named !== true) && points.length > 0
  )
  return {
    ...{ x, y, marks: [] },
    series: series.map((entry) => markSeries(entry, colors)),
    lines: whiskers(content, colors),
    names: pointNames(content, colors),
    legend: [...new Set(listed.map(({ name }) => name))],
    hasCanvasLegend: series.some(({ connected, named }) => connected === true && named === true),
    titleOf: ({ lines }) => lines.join('\n')
  }
}

function markSeries(
  { name, tone, mark, points, connected = false, opacity = 1, radius }: PlotSeries,
  colors: ChartColors
): MarkSeries<PlotPoint> {
  const color = translucent(colors[tone], opacity)
  const open = isOpen(mark)
  return {
    label: name,
    data: [...points],
    clip: 20,
    showLine: connected,
    borderColor: color,
    borderWidth: 1.5,
    pointStyle: mark,
    pointRadius: radius,
    pointHoverRadius: radius + 2,
    pointBackgroundColor: color,
    pointBorderColor: open ? color : colors.surface,
    pointBorderWidth: open ? 2 : 1
  }
}

const whiskers = ({ series }: PlotContent, colors: ChartColors): DrawnLine[] =>
  series.flatMap(({ tone, points }) =>
    points.flatMap(({ x, y, xInterval, yInterval }) => {
      const color = translucent(colors[tone], 0.55)
      const across = xInterval && { from: { x: xInterval[0], y }, to: { x: xInterval[1], y }, color }
      const up = yInterval && { from: { x, y: yInterval[0] }, to: { x, y: yInterval[1] }, color }
      return [across ?? [], up ?? []].flat()
    })
  )

/** Returns the names that are written beside points. */
const pointNames = ({ series }: PlotContent, colors: ChartColors): DrawnName[] =>
  series.flatMap(({ name, tone, radius, points, named, connected }) => {
    const [point] = points
    if (named !== true || connected === true || point === undefined) return []
    return [{ text: name, color: colors[tone], x: point.x, y: point.y, radius }]
  })
