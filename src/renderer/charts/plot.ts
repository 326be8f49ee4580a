import type { Chart, ChartConfiguration, ChartDataset, PointStyle } from 'chart.js'
import type { AnnotationOptions } from 'chartjs-plugin-annotation'
import type { ModelTone } from '../variants'
import { translucent, type ChartColors } from './chart-theme'

/** A point with what is said of it under the pointer, and how sure it is along both axes. */
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
  mark: PointStyle
  points: readonly PlotPoint[]
  /** Drawn as a curve. */
  connected: boolean
  /** Its name stands beside its last point. */
  named: boolean
  /** 0 to 1. */
  opacity: number
  radius: number
}

export interface PlotAxis {
  title: string
  bounds: readonly [number, number]
  /** What a tick says; the number when left out. */
  tick?: (value: number) => string
  step?: number
}

/** What a plot shows; made by pure functions, drawn by Plot.svelte. */
export interface PlotContent {
  /** For those who cannot see it. */
  label: string
  series: readonly PlotSeries[]
  x: PlotAxis
  y: PlotAxis
}

export type PlotChart = Chart<'scatter', PlotPoint[]>

/** An axis that holds all values with some room on both sides. */
export function roomyBounds(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1]
  let low = Infinity
  let high = -Infinity
  for (const value of values) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  const room = high > low ? (high - low) * 0.08 : Math.max(Math.abs(high) * 0.1, 0.1)
  // Ten steps to the axis's power of ten, so that its ends are round.
  const unit = 10 ** Math.floor(Math.log10(high - low + 2 * room)) / 10
  return [Math.floor((low - room) / unit) * unit, Math.ceil((high + room) / unit) * unit]
}

export function plotDatasets(
  { series }: PlotContent,
  colors: ChartColors
): ChartDataset<'scatter', PlotPoint[]>[] {
  return series.map(({ name, tone, mark, points, connected, opacity, radius }) => {
    const color = translucent(colors[tone], opacity)
    // Marks without an inside are drawn by their border.
    const open = mark === 'star' || mark === 'cross' || mark === 'crossRot'
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

/** Whiskers and names. */
export function plotAnnotations(
  { series, x }: PlotContent,
  colors: ChartColors,
  font: { family: string; size: number }
): Record<string, AnnotationOptions> {
  const result: Record<string, AnnotationOptions> = {}
  const middle = (x.bounds[0] + x.bounds[1]) / 2
  series.forEach(({ name, tone, points, named }, index) => {
    points.forEach((point, place) => {
      const line = { type: 'line', borderColor: translucent(colors[tone], 0.55), borderWidth: 1.25 } as const
      const key = `${index}-${place}`
      if (point.xInterval !== undefined) {
        const [xMin, xMax] = point.xInterval
        result[`x${key}`] = { ...line, xMin, xMax, yMin: point.y, yMax: point.y }
      }
      if (point.yInterval !== undefined) {
        const [yMin, yMax] = point.yInterval
        result[`y${key}`] = { ...line, xMin: point.x, xMax: point.x, yMin, yMax }
      }
    })
    const last = points.at(-1)
    if (!named || last === undefined) return
    const inside = last.x > middle
    result[`name${index}`] = {
      type: 'label',
      xValue: last.x,
      yValue: last.y,
      content: name.length <= 28 ? name : `${name.slice(0, 27)}…`,
      color: colors[tone],
      font: { ...font, size: 12, weight: 'bold' },
      padding: 2,
      // Towards the inside, where there is room.
      position: { x: inside ? 'end' : 'start', y: 'center' },
      xAdjust: inside ? -10 : 10,
      yAdjust: -10
    }
  })
  return result
}

/** The fixed half of every plot: no animation, the nearest point under the pointer. */
export function plotConfiguration(
  onpick: (place: { series: number; point: number }) => void
): ChartConfiguration<'scatter', PlotPoint[]> {
  return {
    type: 'scatter',
    data: { datasets: [] },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: 'nearest', intersect: true },
      layout: { padding: { top: 8, right: 12 } },
      onClick: (_event, elements) => {
        const [first] = elements
        if (first !== undefined) onpick({ series: first.datasetIndex, point: first.index })
      },
      plugins: {
        annotation: { annotations: {}, clip: false },
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
