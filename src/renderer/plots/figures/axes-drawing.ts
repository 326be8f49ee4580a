import { baselineAt, type Box, path, type Shape, short, textShape } from './drawing'
import type { PlotAxis } from '../plot-picture'
import type { FigurePage } from './figure'
import { textWidth } from './text-width'

/** The area between the axes, with the positions of values in it. */
export interface PlotArea extends Box {
  xOf: (value: number) => number
  yOf: (value: number) => number
}

const TICK_SIZE = 11
const TITLE_SIZE = 12
/** Units between two ticks, at least. */
const X_SPACING = 56
const Y_SPACING = 32

/** Returns 1, 2 or 5 times a power of ten, at least `min`. */
export function roundStep(min: number): number {
  const power = 10 ** Math.floor(Math.log10(min))
  return (min <= power ? 1 : min <= 2 * power ? 2 : min <= 5 * power ? 5 : 10) * power
}

interface Tick {
  value: number
  label: string
}

/** Returns ticks at round values within the bounds, at most one per `spacing` units of `length`. */
function ticksOf(
  { bounds: [low, high], tick, step, whole = false }: PlotAxis,
  length: number,
  spacing: number
): Tick[] {
  const count = Math.max(1, Math.floor(length / spacing))
  const round = step ?? roundStep(Math.max((high - low) / count, Number.MIN_VALUE))
  const size = whole ? Math.max(1, Math.ceil(round)) : round
  const digits = Math.max(0, -Math.floor(Math.log10(size) + 1e-9))
  const write =
    tick ??
    ((value) =>
      value === 0
        ? '0'
        : value
            .toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
            .replace('-', '−'))
  const first = Math.ceil(low / size - 1e-9)
  const last = Math.floor(high / size + 1e-9)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => {
    const value = (first + index) * size
    // Multiples of a step such as 0.1 carry rounding errors, and 0 a sign.
    const rounded = Number(value.toPrecision(12)) + 0
    return { value: rounded, label: write(rounded) }
  })
}

interface Sides {
  left: number
  bottom: number
}

const TOP = 8
/** Room for the right half of the last tick's label. */
const RIGHT = 18

function areaOf(page: { width: number; height: number }, { left, bottom }: Sides): Box {
  return { x: left, y: TOP, width: page.width - left - RIGHT, height: page.height - TOP - bottom }
}

/** Returns the title that fits a length. */
const titleFor = ({ title, shortTitle = title }: PlotAxis, length: number): string =>
  textWidth(title, TITLE_SIZE) <= length ? title : shortTitle

/** Draws the value axis on the left with its grid lines. @param bottom height below the area, for the other axis */
export function valueAxis(
  axis: PlotAxis,
  size: { width: number; height: number },
  bottom: number,
  { colors }: FigurePage
): { area: Box; yOf: (value: number) => number; shapes: Shape[] } {
  const ticks = ticksOf(axis, size.height - TOP - bottom, Y_SPACING)
  const widest = Math.max(0, ...ticks.map(({ label }) => textWidth(label, TICK_SIZE)))
  const area = areaOf(size, { left: Math.ceil((axis.title === '' ? 2 : 20) + widest + 8), bottom })
  const [low, high] = axis.bounds
  const yOf = (value: number): number => area.y + area.height * (1 - (value - low) / (high - low))
  const title = titleFor(axis, area.height)
  return {
    area,
    yOf,
    shapes: [
      ...ticks.flatMap(({ value, label }) => [
        path(`M${short(area.x)} ${short(yOf(value))}H${short(area.x + area.width)}`, { stroke: colors.line }),
        textShape(label, area.x - 6, baselineAt(yOf(value), TICK_SIZE), colors['ink-faint'], {
          size: TICK_SIZE,
          anchor: 'end'
        })
      ]),
      textShape(title, 13, area.y + area.height / 2, colors['ink-soft'], { anchor: 'middle', angle: -90 })
    ]
  }
}

/** Height that the ticks and the title of the lower axis take. */
const X_AXIS = 40

/** Draws both numeric axes with their grid lines, ticks and titles. */
export function numericAxes(
  axes: { x: PlotAxis; y: PlotAxis },
  size: { width: number; height: number },
  page: FigurePage
): { area: PlotArea; shapes: Shape[] } {
  const { colors } = page
  const { area, yOf, shapes } = valueAxis(axes.y, size, X_AXIS, page)
  const [low, high] = axes.x.bounds
  const xOf = (value: number): number => area.x + (area.width * (value - low)) / (high - low)
  const bottom = area.y + area.height
  return {
    area: { ...area, xOf, yOf },
    shapes: [
      ...ticksOf(axes.x, area.width, X_SPACING).flatMap(({ value, label }) => [
        path(`M${short(xOf(value))} ${short(area.y)}V${short(bottom)}`, { stroke: colors.line }),
        textShape(label, xOf(value), bottom + 15, colors['ink-faint'], { size: TICK_SIZE, anchor: 'middle' })
      ]),
      ...shapes,
      path(`M${short(area.x)} ${short(area.y)}V${short(bottom)}H${short(area.x + area.width)}`, {
        stroke: colors['ink-faint']
      }),
      textShape(titleFor(axes.x, area.width), area.x + area.width / 2, bottom + 33, colors['ink-soft'], {
        anchor: 'middle'
      })
    ]
  }
}
