import type { Chart } from 'chart.js'
import { elementAt } from '../../contract/model/look-up'
import { translucent, type ChartColors, type ChartFont } from './chart-theme'
import { shortName } from '../ui/short-name'
import { type Mark, type NamePosition, placeNames } from './plot-names'

/** A named point. Its position is in values of the axes, its radius in pixels. */
export interface DrawnName extends Mark {
  text: string
  color: string
}

/** A name with its position in pixels; null if there is no room. */
export interface PositionedName extends DrawnName {
  width: number
  position: NamePosition | null
}

/** Caches positions by array of names, because a chart is drawn several times a second while scores arrive. */
const positionCache = new WeakMap<readonly DrawnName[], { layoutKey: string; names: PositionedName[] }>()

const LINE_HEIGHT = 15
/** Maximum length of a name, in characters: that of "post at temperature 1.25, min-p 0.05". */
const LONGEST_NAME = 36

/**
 * Places names beside their points, avoiding overlaps where there is room. Positions are in pixels.
 *
 * @param marks other points that names should not cover
 */
export function positionedNames(
  names: readonly DrawnName[],
  marks: readonly Mark[],
  { area, widthOf }: { area: Parameters<typeof placeNames>[1]; widthOf: (words: string) => number }
): PositionedName[] {
  const named = names.map((name) => {
    const text = shortName(name.text, LONGEST_NAME)
    return { ...name, text, width: widthOf(text) }
  })
  const positions = placeNames(named, area, LINE_HEIGHT, marks)
  return named.map((name, index) => ({ ...name, position: elementAt(positions, index, 'name') }))
}

/**
 * Writes names beside their points on a canvas.
 *
 * @param names must be the same array while names and marks are unchanged.
 * @param marks other points that names should not cover, in values of the axes
 */
export function drawNames(
  { ctx, scales, chartArea }: Pick<Chart, 'ctx' | 'scales' | 'chartArea'>,
  names: readonly DrawnName[],
  marks: readonly Mark[],
  colors: ChartColors,
  font: ChartFont
): void {
  const { x, y } = scales
  if (x === undefined || y === undefined) return
  const inPixels = <Point extends Mark>(point: Point): Point => ({
    ...point,
    x: x.getPixelForValue(point.x),
    y: y.getPixelForValue(point.y)
  })
  ctx.save()
  ctx.font = `bold ${font.size}px ${font.family}`
  ctx.textBaseline = 'middle'
  ctx.lineJoin = 'round'
  const layoutKey = JSON.stringify([ctx.font, chartArea, marks.length, x.min, x.max, y.min, y.max])
  const cached = positionCache.get(names)
  const drawn =
    cached?.layoutKey === layoutKey
      ? cached.names
      : positionedNames(names.map(inPixels), marks.map(inPixels), {
          area: chartArea,
          widthOf: (words) => ctx.measureText(words).width
        })
  positionCache.set(names, { layoutKey, names: drawn })
  // Lines are drawn before all names, so that no line covers a name. A wide stroke in the surface's colour sets each
  // off from the points.
  for (const { color, width, position, ...point } of drawn) {
    if (position === null || !position.led) continue
    for (const [style, lineWidth] of [
      [colors.surface, 3],
      [color, 1]
    ] as const) {
      ctx.beginPath()
      ctx.moveTo(point.x, point.y)
      ctx.lineTo(Math.min(Math.max(point.x, position.x), position.x + width), position.y)
      ctx.strokeStyle = style
      ctx.lineWidth = lineWidth
      ctx.stroke()
    }
  }
  for (const { text, color, position } of drawn) {
    if (position === null) continue
    // An outline keeps the name legible over whiskers and lines.
    ctx.strokeStyle = translucent(colors.surface, 0.85)
    ctx.lineWidth = 4
    ctx.strokeText(text, position.x, position.y)
    ctx.fillStyle = color
    ctx.fillText(text, position.x, position.y)
  }
  ctx.restore()
}
