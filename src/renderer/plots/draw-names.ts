import type { Chart } from 'chart.js'
import { at } from '../../contract/model/look-up'
import { translucent, type ChartColors, type ChartFont } from './chart-theme'
import { shortName } from '../ui/short-name'
import { type Mark, type NamePlace, placeNames } from './plot-names'

/** A point with its name; the place in the values of the axes, the radius of its mark in pixels. */
export interface DrawnName extends Mark {
  text: string
  color: string
}

/** A name with its place in pixels, or none. */
interface PlacedName extends DrawnName {
  width: number
  place: NamePlace | null
}

/** Of the same names on the same axes: a chart is drawn some times in a second while scores arrive. */
const placed = new WeakMap<readonly DrawnName[], { on: string; names: PlacedName[] }>()

const LINE_HEIGHT = 15
/** As long as "post at temperature 1.25, min-p 0.05". */
const LONGEST_NAME = 36

/**
 * Writes names beside their points, where they cover nothing as far as there is room.
 *
 * @param names the same array where they and the marks are the same
 * @param marks other points that names should not cover, placed like the names
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
  const place = (): PlacedName[] => {
    const named = names.map((name) => {
      const text = shortName(name.text, LONGEST_NAME)
      return { ...inPixels(name), text, width: ctx.measureText(text).width }
    })
    const places = placeNames(named, chartArea, LINE_HEIGHT, marks.map(inPixels))
    return named.map((name, index) => ({ ...name, place: at(places, index, 'name') }))
  }
  const on = JSON.stringify([ctx.font, chartArea, marks.length, x.min, x.max, y.min, y.max])
  const known = placed.get(names)
  const drawn = known?.on === on ? known.names : place()
  placed.set(names, { on, names: drawn })
  // All lines first, set off from the points that they cross: none lies over a name.
  for (const { color, width, place, ...point } of drawn) {
    if (place === null || !place.led) continue
    for (const [style, lineWidth] of [
      [colors.surface, 3],
      [color, 1]
    ] as const) {
      ctx.beginPath()
      ctx.moveTo(point.x, point.y)
      ctx.lineTo(Math.min(Math.max(point.x, place.x), place.x + width), place.y)
      ctx.strokeStyle = style
      ctx.lineWidth = lineWidth
      ctx.stroke()
    }
  }
  for (const { text, color, place } of drawn) {
    if (place === null) continue
    // A name stays legible over whiskers and lines.
    ctx.strokeStyle = translucent(colors.surface, 0.85)
    ctx.lineWidth = 4
    ctx.strokeText(text, place.x, place.y)
    ctx.fillStyle = color
    ctx.fillText(text, place.x, place.y)
  }
  ctx.restore()
}
