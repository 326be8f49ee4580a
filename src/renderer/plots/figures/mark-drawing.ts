import type { MarkShape } from '../../../contract/model/model-style'
import type { MarkSeries, PicturePoint } from '../plot-picture'
import type { PlotArea } from './axes-drawing'
import { type Box, path, type Shape, short } from './drawing'

/** Returns the outline of a mark around a point. Shapes and sizes are those of Chart.js. */
function markPath(shape: MarkShape, x: number, y: number, radius: number): string {
  const inner = radius * Math.SQRT1_2
  const at = (dx: number, dy: number): string => `${short(x + dx)} ${short(y + dy)}`
  const straight = `M${at(-radius, 0)}L${at(radius, 0)}M${at(0, -radius)}L${at(0, radius)}`
  const diagonal = `M${at(-inner, -inner)}L${at(inner, inner)}M${at(-inner, inner)}L${at(inner, -inner)}`
  switch (shape) {
    case 'circle': {
      const [r, d] = [short(radius), short(2 * radius)]
      return `M${at(-radius, 0)}a${r} ${r} 0 1 0 ${d} 0a${r} ${r} 0 1 0 -${d} 0z`
    }
    case 'rect':
      return `M${at(-inner, -inner)}L${at(inner, -inner)}L${at(inner, inner)}L${at(-inner, inner)}Z`
    case 'rectRot':
      return `M${at(0, -radius)}L${at(radius, 0)}L${at(0, radius)}L${at(-radius, 0)}Z`
    case 'rectRounded': {
      const [side, corner] = [radius * 0.86, radius * 0.5]
      const edge = short(2 * (side - corner))
      const arc = (dx: number, dy: number): string =>
        `a${short(corner)} ${short(corner)} 0 0 1 ${short(dx)} ${short(dy)}`
      return (
        `M${at(corner - side, -side)}h${edge}${arc(corner, corner)}v${edge}${arc(-corner, corner)}` +
        `h-${edge}${arc(-corner, -corner)}v-${edge}${arc(corner, -corner)}z`
      )
    }
    case 'triangle': {
      const half = (radius * Math.sqrt(3)) / 2
      return `M${at(0, -radius)}L${at(half, radius / 2)}L${at(-half, radius / 2)}Z`
    }
    case 'cross':
      return straight
    case 'crossRot':
      return diagonal
    case 'star':
      return straight + diagonal
  }
}

const valueAt = <Value>(option: Value | Value[] | undefined, index: number, otherwise: Value): Value =>
  Array.isArray(option) ? (option[index] ?? otherwise) : (option ?? otherwise)

/** The style of a series, without its points. */
type SeriesLook = Omit<MarkSeries, 'data'>

/** Draws the mark of the point with an index. @param at position and radius in units, and the tooltip */
function markShape(
  series: SeriesLook,
  index: number,
  { x, y, radius, title }: { x: number; y: number; radius: number; title?: string }
): Shape {
  const stroke = valueAt(series.pointBorderColor, index, series.borderColor ?? 'none')
  const width = valueAt(series.pointBorderWidth, index, 1)
  return path(markPath(valueAt(series.pointStyle, index, 'circle'), x, y, radius), {
    fill: valueAt(series.pointBackgroundColor, index, 'none'),
    ...(width > 0 && { stroke, width }),
    ...(title !== undefined && { title })
  })
}

/** Draws the line of a series along a path; null if the series has none. */
function lineShape(series: SeriesLook, d: string, clip?: Box): Shape | null {
  if (series.showLine !== true || d === '') return null
  return path(d, {
    stroke: series.borderColor ?? 'none',
    width: series.borderWidth ?? 1.5,
    ...(series.borderDash !== undefined && { dash: series.borderDash }),
    ...(clip !== undefined && { clip })
  })
}

/** Draws the key of a series in a legend: its line, with its mark at a point. */
export function keyShapes(series: SeriesLook, x: number, y: number): Shape[] {
  const stroke = lineShape(series, `M${short(x - 9)} ${short(y)}H${short(x + 9)}`)
  const radius = Math.min(6, series.pointRadius)
  return [...(stroke === null ? [] : [stroke]), ...(radius > 0 ? [markShape(series, 0, { x, y, radius })] : [])]
}

/**
 * Draws the line and the marks of a series. A point without coordinates interrupts the line.
 *
 * @param titleOf returns the tooltip of a point
 */
export function seriesShapes<Point extends PicturePoint>(
  series: MarkSeries<Point>,
  area: PlotArea,
  titleOf: (point: Point) => string
): Shape[] {
  const margin = series.clip ?? 0
  const box = {
    x: area.x - margin,
    y: area.y - margin,
    width: area.width + 2 * margin,
    height: area.height + 2 * margin
  }
  const points = series.data.map((point) => ({ point, x: area.xOf(point.x), y: area.yOf(point.y) }))
  const inBox = ({ x, y }: { x: number; y: number }): boolean =>
    x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height
  const d = points
    .map(({ x, y }, index) => {
      if (Number.isNaN(x) || Number.isNaN(y)) return ''
      const before = points[index - 1]
      const starts = before === undefined || Number.isNaN(before.x) || Number.isNaN(before.y)
      return `${starts ? 'M' : 'L'}${short(x)} ${short(y)}`
    })
    .join('')
  const curve = lineShape(series, d, points.every(inBox) ? undefined : box)
  const radius = series.pointRadius
  const marks =
    radius === 0
      ? []
      : points.flatMap(({ point, x, y }, index) =>
          inBox({ x, y }) ? [markShape(series, index, { x, y, radius, title: titleOf(point) })] : []
        )
  return [...(curve === null ? [] : [curve]), ...marks]
}
