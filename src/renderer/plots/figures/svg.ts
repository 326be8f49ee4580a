import {
  type Box,
  type Drawing,
  FONT_UNITS,
  type PathShape,
  type Shape,
  short,
  type Stroke,
  type TextShape
} from './drawing'

/** Fonts with Arial's metrics, which the layout assumes. */
const FIGURE_FONT = "'Liberation Sans', Arial, Helvetica, sans-serif"

/** Reports whether XML 1.0 forbids a character even when it is escaped. */
const isForbidden = (letter: string): boolean =>
  /^[\p{Surrogate}\uFFFE\uFFFF]$/u.test(letter) || (letter < ' ' && !'\t\n\r'.includes(letter))

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;'
}

/** Escapes a text for XML content and attributes. Forbidden characters become U+FFFD. */
const escaped = (words: string): string =>
  [...words].map((letter) => (isForbidden(letter) ? '\uFFFD' : (ENTITIES[letter] ?? letter))).join('')

interface FigureSize {
  widthMm: number
  /** Height of a line of text, in points. */
  fontPt: number
}

const MM_PER_PT = 25.4 / 72

/** Returns the width of a drawing in units, so that letters have `fontPt` on paper when it is `widthMm` wide. */
export const unitsWide = ({ widthMm, fontPt }: FigureSize): number => widthMm / MM_PER_PT / (fontPt / FONT_UNITS)

/** Returns the height of a drawing on paper, in millimetres. */
export const heightMm = ({ width, height }: Pick<Drawing, 'width' | 'height'>, widthMm: number): number =>
  (widthMm * height) / width

/**
 * Writes a drawing as an SVG document on white, `widthMm` wide, with selectable text.
 *
 * @param title describes the figure
 */
export function svgOf(drawing: Drawing, title: string, widthMm: number): string {
  const [width, height] = [widthMm, heightMm(drawing, widthMm)].map((length) => `${short(length)}mm`)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `${opening(drawing)} width="${width}" height="${height}" font-family="${FIGURE_FONT}">`,
    `<title>${escaped(title)}</title>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    ...content(drawing),
    '</svg>',
    ''
  ].join('\n')
}

/**
 * Writes a drawing as a part of a page, at its own size where there is room. It is hidden from screen readers, because
 * the page has the same data as text.
 */
export const svgInPage = (drawing: Drawing): string =>
  [
    opening(drawing),
    ` width="${short(drawing.width)}" height="${short(drawing.height)}"`,
    ` font-family="${FIGURE_FONT}" aria-hidden="true">`,
    ...content(drawing),
    '</svg>'
  ].join('')

const opening = ({ width, height }: Drawing): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${short(width)} ${short(height)}"`

function content({ shapes }: Drawing): string[] {
  const clips = new Map(
    shapes.flatMap((shape) =>
      shape.kind === 'path' && shape.clip !== null ? [[clipId(shape.clip), shape.clip] as const] : []
    )
  )
  return [
    ...(clips.size === 0 ? [] : [`<defs>${[...clips].map(clipPath).join('')}</defs>`]),
    ...runsOf(shapes, (shape) => (shape.kind === 'path' ? pathStyle(shape) : null)).map(({ style, members }) => {
      const elements = members.map(elementOf)
      // One style for thousands of marks halves the size of a file.
      return style === null ? elements.join('') : `<g${style}>${elements.join('')}</g>`
    })
  ]
}

/** Consecutive shapes of one style. */
interface ShapeRun {
  style: string | null
  members: Shape[]
}

/** Splits shapes into runs of the same style. */
function runsOf(shapes: readonly Shape[], styleOf: (shape: Shape) => string | null): ShapeRun[] {
  const runs: ShapeRun[] = []
  for (const shape of shapes) {
    const style = styleOf(shape)
    const last = runs.at(-1)
    if (last !== undefined && last.style === style) last.members.push(shape)
    else runs.push({ style, members: [shape] })
  }
  return runs
}

const elementOf = (shape: Shape): string => {
  if (shape.kind === 'text') return textElement(shape)
  const { d, title } = shape
  return title === undefined ? `<path d="${d}"/>` : `<path d="${d}"><title>${escaped(title)}</title></path>`
}

/** Names a clip by its box. All figures of a page share one set of names, so equal names must mean equal clips. */
const clipId = ({ x, y, width, height }: Box): string => `clip${[x, y, width, height].map(short).join('_')}`

const clipPath = ([id, { x, y, width, height }]: readonly [string, Box]): string =>
  `<clipPath id="${id}"><rect${attributes({
    x: short(x),
    y: short(y),
    width: short(width),
    height: short(height)
  })}/></clipPath>`

const attributes = (values: Readonly<Record<string, string | number | null>>): string =>
  Object.entries(values)
    .map(([name, value]) => (value === null ? '' : ` ${name}="${value}"`))
    .join('')

const opacityOf = (opacity: number): string | null => (opacity === 1 ? null : short(opacity))

const strokeOf = (stroke: Stroke | null): Record<string, string | number | null> =>
  stroke === null
    ? {}
    : {
        stroke: stroke.color,
        'stroke-opacity': opacityOf(stroke.opacity),
        'stroke-width': short(stroke.width),
        'stroke-dasharray': stroke.dash === undefined ? null : stroke.dash.map(short).join(' ')
      }

const pathStyle = ({ fill, stroke, clip }: PathShape): string =>
  attributes({
    fill: fill === null ? 'none' : fill.color,
    'fill-opacity': fill === null ? null : opacityOf(fill.opacity),
    ...strokeOf(stroke),
    'clip-path': clip === null ? null : `url(#${clipId(clip)})`
  })

function textElement({ text, x, y, anchor, size, bold, angle, fill, halo }: TextShape): string {
  const drawn = attributes({
    x: short(x),
    y: short(y),
    'font-size': short(size),
    'font-weight': bold ? 'bold' : null,
    'text-anchor': anchor === 'start' ? null : anchor,
    transform: angle === 0 ? null : `rotate(${short(angle)} ${short(x)} ${short(y)})`,
    fill: fill.color,
    'fill-opacity': opacityOf(fill.opacity),
    ...strokeOf(halo),
    ...(halo === null ? {} : { 'stroke-linejoin': 'round', 'paint-order': 'stroke' }),
    // SVG would collapse runs of spaces, which model names may have.
    'xml:space': /^\s|\s$|\s\s/.test(text) ? 'preserve' : null
  })
  return `<text${drawn}>${escaped(text)}</text>`
}
