import { BasicPlatform, type Chart, type ChartDataset } from 'chart.js'
import { drawPoint } from 'chart.js/helpers'
import type { ChartSurface } from '../chart-surface'
import type { ChartColors, ChartFont } from '../chart-theme'
import { baselineAt, type Dash, type Drawing, moved, path, type Shape, text } from './drawing'
import { type FigurePage, textWidth } from './figure'
import { record } from './recorder'

interface ChartFigure<Shown extends { chart: Chart }> {
  /** Creates the chart as its component does. */
  create: (surface: ChartSurface) => Shown
  draw: (shown: Shown, colors: ChartColors, font: ChartFont) => void
  /** Height as a share of the width. */
  height: number
  /**
   * Returns the labels of the data sets in the legend, in this order. When left out, the legend has all data sets with
   * data.
   */
  legend?: (labels: readonly string[]) => readonly string[]
}

/** Records the drawing of Chart.js as shapes, with a legend below. */
export function chartDrawing<Shown extends { chart: Chart }>(
  { create, draw, height, legend }: ChartFigure<Shown>,
  page: FigurePage
): Drawing {
  const size = { width: Math.floor(page.width) - 2, height: Math.round(page.width * height) }
  const recording = record(page.measuring)
  class Paper extends BasicPlatform {
    override acquireContext(): CanvasRenderingContext2D {
      return recording.context
    }

    override getMaximumSize(): { width: number; height: number } {
      return size
    }
  }
  const created = create({ canvas: page.measuring.canvas, platform: Paper })
  const { chart } = created
  try {
    draw(created, page.colors, page.font)
    const keys = chart.data.datasets.filter(({ data }) => data.length > 0).map(keyOf)
    const legendLabels = legend?.(keys.map(({ label }) => label)) ?? keys.map(({ label }) => label)
    const below = legendShapes(
      legendLabels.flatMap((label) => keys.find((key) => key.label === label) ?? []),
      page
    )
    return {
      width: page.width,
      height: size.height + below.height,
      shapes: [...recording.shapes(), ...moved(below.shapes, 0, size.height)]
    }
  } finally {
    chart.destroy()
  }
}

/** Appearance of one entry of the legend. */
interface LegendKey {
  label: string
  /** The point style's name in Chart.js, or 'bar' for a box. It is drawn if the radius is above 0. */
  mark: string
  radius: number
  fill: unknown
  border: string
  borderWidth: number
  line: { color: string; width: number; dash: Dash | undefined } | null
}

/** Returns the option of the first point, for an option that may be one value or one per point. */
const firstOf = (option: unknown): unknown => (Array.isArray(option) ? option[0] : option)
const textOf = (option: unknown, otherwise: string): string => {
  const value = firstOf(option)
  return typeof value === 'string' ? value : otherwise
}
const numberOf = (option: unknown, otherwise: number): number => {
  const value = firstOf(option)
  return typeof value === 'number' ? value : otherwise
}

function dashOf(option: unknown): Dash | undefined {
  if (!Array.isArray(option)) return undefined
  const [line, gap]: unknown[] = option
  return typeof line === 'number' && typeof gap === 'number' ? [line, gap] : undefined
}

function keyOf(dataset: ChartDataset): LegendKey {
  const has = (name: string): unknown => Reflect.get(dataset, name)
  const border = textOf(has('borderColor'), 'transparent')
  const bar = has('barPercentage') !== undefined
  return {
    label: dataset.label ?? '',
    mark: bar ? 'bar' : textOf(has('pointStyle'), 'circle'),
    radius: bar ? 4 : Math.min(6, numberOf(has('pointRadius'), 3)),
    fill: has(bar ? 'backgroundColor' : 'pointBackgroundColor'),
    border: bar ? border : textOf(has('pointBorderColor'), border),
    borderWidth: numberOf(has(bar ? 'borderWidth' : 'pointBorderWidth'), 1),
    line:
      has('showLine') === true
        ? { color: border, width: numberOf(has('borderWidth'), 1.5), dash: dashOf(has('borderDash')) }
        : null
  }
}

const KEY_WIDTH = 22
const KEY_GAP = 12
const ROW_HEIGHT = 16
const KEY_SIZE = 11

/** Lays out the legend's entries in rows, with as many per row as fit. */
function legendShapes(
  keys: readonly LegendKey[],
  page: FigurePage
): { height: number; shapes: readonly Shape[] } {
  if (keys.length === 0) return { height: 0, shapes: [] }
  const position = { x: 8, row: 0 }
  const shapes = keys.flatMap((key) => {
    const wide = KEY_WIDTH + textWidth(page, key.label, KEY_SIZE)
    if (position.x > 8 && position.x + wide > page.width - 4) {
      position.x = 8
      position.row += 1
    }
    const [x, y] = [position.x, 4 + (position.row + 0.5) * ROW_HEIGHT]
    position.x += wide + KEY_GAP
    return [
      ...keyShapes(key, x + KEY_WIDTH / 2 - 3, y, page),
      text(key.label, x + KEY_WIDTH - 2, baselineAt(y, KEY_SIZE), page.colors['ink-soft'], { size: KEY_SIZE })
    ]
  })
  return { height: 8 + (position.row + 1) * ROW_HEIGHT, shapes }
}

function keyShapes(key: LegendKey, x: number, y: number, { measuring }: FigurePage): readonly Shape[] {
  const { mark, radius, fill, border, borderWidth, line } = key
  const shapes: Shape[] = []
  if (line !== null) {
    const { color, width, dash } = line
    shapes.push(path(`M${x - 9} ${y}H${x + 9}`, { stroke: color, width, ...(dash && { dash }) }))
  }
  if (radius > 0) {
    const { context, shapes: drawn } = record(measuring)
    context.fillStyle = styleOf(fill)
    context.strokeStyle = border
    context.lineWidth = borderWidth
    if (mark === 'bar') {
      context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius)
      context.strokeRect(x - radius, y - radius, 2 * radius, 2 * radius)
    } else drawPoint(context, { pointStyle: markOf(mark), radius, borderWidth }, x, y)
    shapes.push(...drawn())
  }
  return shapes
}

const styleOf = (fill: unknown): string | CanvasPattern => {
  const pattern = firstOf(fill)
  return typeof CanvasPattern !== 'undefined' && pattern instanceof CanvasPattern
    ? pattern
    : textOf(pattern, 'transparent')
}

const MARKS = ['circle', 'cross', 'crossRot', 'rect', 'rectRounded', 'rectRot', 'star', 'triangle'] as const
const markOf = (name: string): (typeof MARKS)[number] => MARKS.find((mark) => mark === name) ?? 'circle'
