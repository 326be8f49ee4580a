/*
 * The contents of a figure, independent of its file format: paths and texts whose colours and positions are final.
 * Lengths are in units. A line of text is 12 units high, whatever its height on paper.
 */

/** A colour with its opacity, 0 to 1. */
export interface Paint {
  /** #rrggbb, or var(--name) in a page */
  color: string
  opacity: number
}

export interface Stroke extends Paint {
  width: number
  dash?: Dash
}

/** Lengths of a line and of the gap after it, in units. */
export type Dash = readonly [line: number, gap: number]

export interface Box {
  x: number
  y: number
  width: number
  height: number
}

export interface PathShape {
  kind: 'path'
  /** Path data in the syntax of SVG. */
  d: string
  fill: Paint | null
  stroke: Stroke | null
  /** Limits the visible part to this box; null for no limit. */
  clip: Box | null
  /** Describes the shape in a tooltip, in formats that have tooltips. */
  title?: string
}

export interface TextShape {
  kind: 'text'
  text: string
  /** Start, middle or end of the baseline, by `anchor`. */
  x: number
  y: number
  anchor: 'start' | 'middle' | 'end'
  size: number
  bold: boolean
  /** Degrees clockwise around that point. */
  angle: number
  fill: Paint
  /** An outline drawn under the letters, which keeps them legible over lines. */
  halo: Stroke | null
}

export type Shape = PathShape | TextShape

export interface Drawing {
  width: number
  height: number
  shapes: readonly Shape[]
}

/** Height of a line of text, in units. */
export const FONT_UNITS = 12

/**
 * Height of a text's middle above its baseline, as a share of the font size. It is Arial's, and that of fonts with the
 * same metrics.
 */
const MIDDLE = 0.35

/** Returns the baseline of a text whose middle is at `y`. */
export const baselineAt = (y: number, size: number): number => y + MIDDLE * size

const CHANNELS = /^rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)(?:[\s,/]+([\d.]+%?))?\s*\)$/
const HEX = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i
/** A custom property of the page around the figure, with its opacity in percent or without. */
const PROPERTY = /^(?:color-mix\(in srgb, )?(var\(--[\w-]+\))(?: ([\d.]+)%, transparent\))?$/

/**
 * Parses a colour from a style sheet, a canvas, the program's own scales or a report's custom properties.
 *
 * @returns null for a fully transparent colour
 * @throws for a format it cannot read
 */
export function paintOf(css: string): Paint | null {
  if (css === 'transparent' || css === 'none') return null
  const [, digits] = HEX.exec(css) ?? []
  if (digits !== undefined) {
    const long = digits.length === 6 ? digits : [...digits].map((digit) => digit + digit).join('')
    return { color: `#${long.toLowerCase()}`, opacity: 1 }
  }
  const [, property, percent = '100'] = PROPERTY.exec(css) ?? []
  if (property !== undefined) return { color: property, opacity: Number(percent) / 100 }
  const [, red, green, blue, alpha = '1'] = CHANNELS.exec(css) ?? []
  if (red === undefined || green === undefined || blue === undefined)
    throw new Error(`${css} is not a colour that a figure can use`)
  const opacity = alpha.endsWith('%') ? Number(alpha.slice(0, -1)) / 100 : Number(alpha)
  const channel = (value: string): string => Math.round(Number(value)).toString(16).padStart(2, '0')
  return opacity === 0 ? null : { color: `#${channel(red)}${channel(green)}${channel(blue)}`, opacity }
}

/** Writes a number rounded to hundredths of a unit, which is finer than any printer shows. */
export const short = (value: number): string => String(Math.round(value * 100) / 100)

export interface Look {
  fill?: string
  stroke?: string
  width?: number
  dash?: Dash
  opacity?: number
  clip?: Box
  title?: string
}

/** @param look colours as {@link paintOf} reads them */
export function path(d: string, look: Look): PathShape {
  const { fill = 'none', stroke = 'none', width = 1, dash, opacity = 1, clip = null, title } = look
  const faint = (paint: Paint | null): Paint | null =>
    paint === null ? null : { ...paint, opacity: paint.opacity * opacity }
  const outline = faint(paintOf(stroke))
  return {
    kind: 'path',
    d,
    fill: faint(paintOf(fill)),
    stroke: outline === null ? null : { ...outline, width, ...(dash === undefined ? {} : { dash }) },
    clip,
    ...(title === undefined ? {} : { title })
  }
}

const rectPath = ({ x, y, width, height }: Box): string =>
  `M${short(x)} ${short(y)}H${short(x + width)}V${short(y + height)}H${short(x)}Z`

export const rect = (box: Box, look: Look): PathShape => path(rectPath(box), look)

interface Letters {
  size?: number
  bold?: boolean
  anchor?: TextShape['anchor']
  angle?: number
  /** Colour of the outline around the letters. */
  halo?: string
}

/** @param fill colour as {@link paintOf} reads it */
export function textShape(
  words: string,
  x: number,
  y: number,
  fill: string,
  { size = FONT_UNITS, bold = false, anchor = 'start', angle = 0, halo }: Letters
): TextShape {
  const around = halo === undefined ? null : paintOf(halo)
  return {
    kind: 'text',
    text: words,
    x,
    y,
    anchor,
    size,
    bold,
    angle,
    fill: paintOf(fill) ?? { color: '#000000', opacity: 0 },
    halo: around === null ? null : { ...around, width: size * 0.25 }
  }
}
