import {
  type Drawing,
  FONT_UNITS,
  type PathShape,
  type Shape,
  short,
  type Stroke,
  type TextShape
} from './drawing'

/** Fonts with Arial's metrics, which the layout assumes. */
export const FIGURE_FONT = "'Liberation Sans', Arial, Helvetica, sans-serif"

/** Tells whether XML 1.0 forbids a character even when it is escaped. */
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

export interface FigureSize {
  widthMm: number
  /** Height of a line of text, in points. */
  fontPt: number
}

const MM_PER_PT = 25.4 / 72

/** Returns the width in units that gives the wanted width and font size on paper. */
export const unitsWide = ({ widthMm, fontPt }: FigureSize): number =>
  widthMm / MM_PER_PT / (fontPt / FONT_UNITS)

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
 * Writes a drawing as a part of a page, in the page's font and at its own size where there is room. It is hidden from
 * screen readers, because the page has the same data as text.
 */
export const svgInPage = (drawing: Drawing): string =>
  [
    `${opening(drawing)} width="${short(drawing.width)}" height="${short(drawing.height)}" aria-hidden="true">`,
    ...content(drawing),
    '</svg>'
  ].join('')

const opening = ({ width, height }: Drawing): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${short(width)} ${short(height)}"`

function content({ shapes }: Drawing): string[] {
  const clips = [...new Set(shapes.map(clipOf).filter((clip) => clip !== null))]
  const clipped = (clip: string): string =>
    `<clipPath id="clip${clips.indexOf(clip)}"><rect ${clip}/></clipPath>`
  return [
    ...(clips.length === 0 ? [] : [`<defs>${clips.map(clipped).join('')}</defs>`]),
    ...shapes.map((shape) =>
      shape.kind === 'path' ? pathElement(shape, clips.indexOf(clipOf(shape) ?? '')) : textElement(shape)
    )
  ]
}

const clipOf = (shape: Shape): string | null => {
  if (shape.kind === 'text' || shape.clip === null) return null
  const { x, y, width, height } = shape.clip
  return `x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}"`
}

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

function pathElement({ d, fill, stroke, evenOdd, title }: PathShape, clip: number): string {
  const drawn = attributes({
    d,
    fill: fill === null ? 'none' : fill.color,
    'fill-opacity': fill === null ? null : opacityOf(fill.opacity),
    'fill-rule': evenOdd === true ? 'evenodd' : null,
    ...strokeOf(stroke),
    'clip-path': clip === -1 ? null : `url(#clip${clip})`
  })
  return title === undefined ? `<path${drawn}/>` : `<path${drawn}><title>${escaped(title)}</title></path>`
}

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
