import type { Chart, ChartConfiguration, ChartDataset, LegendItem } from 'chart.js'
import type { DrawnLine } from './draw-lines'
import { isOpen, type MarkShape, type ModelTone } from '../../contract/model/model-style'
import { translucent, type ChartColors, type ChartFont } from './chart-theme'
import { drawNames } from './draw-names'
import { FILLING } from './chart-theme'

/** A point with its tooltip and its intervals along both axes. */
export interface PlotPoint {
  x: number
  y: number
  lines: readonly string[]
  xInterval?: readonly [number, number]
  yInterval?: readonly [number, number]
}

export interface PlotSeries {
  name: string
  tone: ModelTone
  mark: MarkShape
  points: readonly PlotPoint[]
  /** True for a curve. */
  connected: boolean
  /** True if the name is shown: beside the point, or for a curve in a list below the plot. */
  named: boolean
  /** Opacity, 0 to 1. */
  opacity: number
  radius: number
}

export interface PlotAxis {
  title: string
  bounds: readonly [number, number]
  /** Returns the label of a tick; when left out, the number. */
  tick?: (value: number) => string
  step?: number
  /** True for ticks at whole numbers only. */
  whole?: boolean
}

/** The content of a plot. Pure functions make it and Plot.svelte draws it. */
export interface PlotContent {
  /** Describes the plot to readers who cannot see it. */
  label: string
  series: readonly PlotSeries[]
  x: PlotAxis
  y: PlotAxis
}

export type PlotChart = Chart<'scatter', PlotPoint[]>

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

/** Returns 1, 2 or 5 times a power of ten, at least `min`. */
function roundStep(min: number): number {
  const power = 10 ** Math.floor(Math.log10(min))
  return (min <= power ? 1 : min <= 2 * power ? 2 : min <= 5 * power ? 5 : 10) * power
}

export function plotDatasets(
  { series }: PlotContent,
  colors: ChartColors
): ChartDataset<'scatter', PlotPoint[]>[] {
  return series.map(({ name, tone, mark, points, connected, opacity, radius }) => {
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
  })
}

/** Returns the intervals of all points as whiskers. */
export const plotWhiskers = ({ series }: PlotContent, colors: ChartColors): DrawnLine[] =>
  series.flatMap(({ tone, points }) =>
    points.flatMap(({ x, y, xInterval, yInterval }) => {
      const color = translucent(colors[tone], 0.55)
      const across = xInterval && { from: { x: xInterval[0], y }, to: { x: xInterval[1], y }, color }
      const up = yInterval && { from: { x, y: yInterval[0] }, to: { x, y: yInterval[1] }, color }
      return [across ?? [], up ?? []].flat()
    })
  )

/** Returns a legend for named curves, whose ends may be too close together for names. */
export const plotLegend = ({ series }: PlotContent, colors: ChartColors, font: ChartFont) =>
  ({
    display: series.some(({ connected, named }) => connected && named),
    position: 'bottom',
    labels: {
      usePointStyle: true,
      boxHeight: 7,
      color: colors['ink-soft'],
      font,
      // Series of the same name share the first one's entry.
      filter: ({ text, datasetIndex }: LegendItem) =>
        datasetIndex === series.findIndex(({ name }) => name === text)
    }
  }) as const

/** Writes the names of points beside them. */
export function drawPlotNames(
  chart: PlotChart,
  { series }: PlotContent,
  colors: ChartColors,
  font: ChartFont
): void {
  const names = series.flatMap(({ name, tone, radius, points, named, connected }) => {
    const [point] = points
    if (!named || connected || point === undefined) return []
    return [{ text: name, color: colors[tone], x: point.x, y: point.y, radius }]
  })
  drawNames(chart, names, [], colors, font)
}

/**
 * Returns the constant configuration of every plot: no animation, and tooltips of the nearest point.
 *
 * @param ondrawn called after points and whiskers are drawn, to draw over them
 */
export function plotConfiguration(
  onpick: (picked: { series: number; point: number }) => void,
  ondrawn: (chart: PlotChart) => void
): ChartConfiguration<'scatter', PlotPoint[]> {
  return {
    type: 'scatter',
    data: { datasets: [] },
    plugins: [{ id: 'names', afterDatasetsDraw: ondrawn }],
    options: {
      ...FILLING,
      interaction: { mode: 'nearest', intersect: true },
      layout: { padding: { top: 8, right: 12 } },
      onClick: (_event, elements) => {
        const [first] = elements
        if (first !== undefined) onpick({ series: first.datasetIndex, point: first.index })
      },
      plugins: {
        legend: { display: false },
        tooltip: {
          animation: false,
          displayColors: false,
          filter: (_item, index) => index === 0,
          callbacks: {
            label: ({ dataset, dataIndex }) => {
              const point: unknown = dataset.data[dataIndex]
              return hasLines(point) ? [...point.lines] : ''
            }
          }
        }
      }
    }
  }
}

// Chart.js hands data back untyped.
const hasLines = (data: unknown): data is { lines: readonly string[] } =>
  typeof data === 'object' && data !== null && 'lines' in data && Array.isArray(data.lines)
