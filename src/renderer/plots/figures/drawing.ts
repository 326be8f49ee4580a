/*
 * What a figure is before it is a file: paths and texts with every colour and place settled, so that each format writes the same.
 * Lengths are in units of which a line of text has 12, whatever it will measure on paper.
 */

/** A colour, opaque at 1. */
export interface Paint {
  /** #rrggbb */
  color: string
  opacity: number
}

export interface Stroke extends Paint {
  width: number
  dash?: Dash
}

/** So long a line, then such a gap. */
export type Dash = readonly [line: number, gap: number]

export interface Box {
  x: number
  y: number
  width: number
  height: number
}

export interface PathShape {
  kind: 'path'
  /** As SVG has it. */
  d: string
  fill: Paint | null
  stroke: Stroke | null
  /** Outside it nothing is drawn; null for everywhere. */
  clip: Box | null
  /** What lies within an even number of its outlines is left free. */
  evenOdd?: true
  /** What it stands for, told under the pointer where there is one. */
  title?: string
}

export interface TextShape {
  kind: 'text'
  text: string
  /** Where its baseline begins, has its middle, or ends. */
  x: number
  y: number
  anchor: 'start' | 'middle' | 'end'
  size: number
  bold: boolean
  /** Clockwise, in degrees, around that place. */
  angle: number
  fill: Paint
  /** Drawn under the letters, so that they can be read over lines. */
  halo: Stroke | null
}

export type Shape = PathShape | TextShape

export interface Drawing {
  width: number
  height: number
  shapes: readonly Shape[]
}

/** How many units a line of text has. */
export const FONT_UNITS = 12

/** Of the letters' height above the baseline, what lies under their middle: Arial's, and that of the fonts made to its measures. */
const MIDDLE = 0.35

/** The baseline of a text whose middle lies at `y`. */
export const baselineAt = (y: number, size: number): number => y + MIDDLE * size

const CHANNELS = /^rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)(?:[\s,/]+([\d.]+%?))?\s*\)$/
const HEX = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i

/**
 * Reads a colour as style sheets, canvases and our own scales write it.
 *
 * @returns null where nothing would be seen
 */
export function paintOf(css: string): Paint | null {
  if (css === 'transparent' || css === 'none') return null
  const [, digits] = HEX.exec(css) ?? []
  if (digits !== undefined) {
    const long = digits.length === 6 ? digits : [...digits].map((digit) => digit + digit).join('')
    return { color: `#${long.toLowerCase()}`, opacity: 1 }
  }
  const [, red, green, blue, alpha = '1'] = CHANNELS.exec(css) ?? []
  if (red === undefined || green === undefined || blue === undefined)
    throw new Error(`${css} is no colour that a figure can be drawn in`)
  const opacity = alpha.endsWith('%') ? Number(alpha.slice(0, -1)) / 100 : Number(alpha)
  const channel = (value: string): string => Math.round(Number(value)).toString(16).padStart(2, '0')
  return opacity === 0 ? null : { color: `#${channel(red)}${channel(green)}${channel(blue)}`, opacity }
}

/** A number as paths write it: hundredths of a unit are less than any printer shows. */
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
  const line = faint(paintOf(stroke))
  return {
    kind: 'path',
    d,
    fill: faint(paintOf(fill)),
    stroke: line === null ? null : { ...line, width, ...(dash === undefined ? {} : { dash }) },
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
  /** A colour around the letters. */
  halo?: string
}

/** @param fill colour as {@link paintOf} reads it */
export function text(
  words: string,
  x: number,
  y: number,
  fill: string,
  { size = FONT_UNITS, bold = false, anchor = 'start', angle = 0, halo }: Letters = {}
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

/** The shapes at another place. */
export const moved = (shapes: readonly Shape[], dx: number, dy: number): Shape[] =>
  shapes.map((shape) =>
    shape.kind === 'text'
      ? { ...shape, x: shape.x + dx, y: shape.y + dy }
      : { ...shape, d: movedPath(shape.d, dx, dy), clip: shape.clip && movedBox(shape.clip, dx, dy) }
  )

const movedBox = (box: Box, dx: number, dy: number): Box => ({ ...box, x: box.x + dx, y: box.y + dy })

/** Of each absolute command, which of its numbers are x, y, or neither. */
const ABSOLUTE: Readonly<Record<string, string>> = {
  M: 'xy',
  L: 'xy',
  H: 'x',
  V: 'y',
  C: 'xyxyxy',
  Q: 'xyxy',
  A: '.....xy',
  Z: ''
}

function movedPath(d: string, dx: number, dy: number): string {
  return d.replaceAll(/([MLHVCQAZ])([^A-Za-z]*)/g, (_, command: string, rest: string) => {
    const kinds = ABSOLUTE[command] ?? ''
    const numbers = rest.match(/-?[\d.]+(?:e-?\d+)?/g) ?? []
    const by = { x: dx, y: dy }
    return (
      command +
      numbers
        .map((digits, place) => {
          const kind = kinds[place % Math.max(1, kinds.length)]
          return kind === 'x' || kind === 'y' ? short(Number(digits) + by[kind]) : digits
        })
        .join(' ')
    )
  })
}
