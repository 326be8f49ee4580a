import { elementAt } from '../../contract/model/look-up'
import { shortName } from '../ui/short-name'
import {
  baselineAt,
  type Dash,
  path,
  type PathShape,
  type Shape,
  short,
  type Stroke,
  textShape
} from './figures/drawing'
import { type Mark, type NamePosition, placeNames } from './plot-names'

/** A straight line in values of the axes. */
export interface DrawnLine {
  from: { x: number; y: number }
  to: { x: number; y: number }
  color: string
  dash?: Dash
}

/** A named point. Its position is in values of the axes, its radius in pixels. */
export interface DrawnName extends Mark {
  text: string
  color: string
}

/** Lines and names over the points of a plot. */
export interface Overlay {
  lines: readonly DrawnLine[]
  names: readonly DrawnName[]
  /** Points without a name that names should not cover. */
  marks: readonly Mark[]
}

/** The area between the axes, and what a page or canvas tells about it. */
interface OverlayArea {
  left: number
  top: number
  right: number
  bottom: number
  xOf: (value: number) => number
  yOf: (value: number) => number
  /** Measures a bold name. */
  widthOf: (words: string) => number
  /** Colour behind the plot, which separates names and leaders from the points. */
  surface: string
}

export const NAME_SIZE = 12
const LINE_HEIGHT = 15
/** Maximum length of a name, in characters: that of "post at temperature 1.5, top-n-sigma 1.5". */
const LONGEST_NAME = 40

/** Draws lines and names over the points. A line may leave the axes, where an interval ends outside. */
export function overlayShapes({ lines, names, marks }: Overlay, area: OverlayArea): Shape[] {
  const { xOf, yOf, surface } = area
  const inArea = <At extends Mark>(mark: At): At => ({ ...mark, x: xOf(mark.x), y: yOf(mark.y) })
  const named = names.map(inArea).map((name) => {
    const text = shortName(name.text, LONGEST_NAME)
    return { ...name, text, width: area.widthOf(text) }
  })
  const positions = placeNames(named, area, LINE_HEIGHT, marks.map(inArea))
  const placed = named.flatMap((name, index) => {
    const position = elementAt(positions, index, 'name')
    return position === null ? [] : [{ ...name, position }]
  })
  return [
    ...lines.map(({ from, to, color, dash }) => {
      const d = `M${short(xOf(from.x))} ${short(yOf(from.y))}L${short(xOf(to.x))} ${short(yOf(to.y))}`
      return path(d, { stroke: color, width: 1.25, ...(dash !== undefined && { dash }) })
    }),
    // Leaders are drawn before all names, so that no leader covers a name.
    ...placed.flatMap((name) => leader(name, surface)),
    ...placed.map(({ text, color, position }) =>
      textShape(text, position.x, baselineAt(position.y, NAME_SIZE), color, {
        size: NAME_SIZE,
        bold: true,
        halo: surface
      })
    )
  ]
}

/** Draws the line from a distant name to its point, over a wider one that separates it from the points. */
function leader(
  { x, y, color, position, width }: DrawnName & { position: NamePosition; width: number },
  surface: string
): PathShape[] {
  if (!position.led) return []
  const end = Math.min(Math.max(x, position.x), position.x + width)
  const d = `M${short(x)} ${short(y)}L${short(end)} ${short(position.y)}`
  return [path(d, { stroke: surface, width: 3 }), path(d, { stroke: color, width: 1 })]
}

/** Draws the shapes of {@link overlayShapes} on a canvas. They have no filled paths and no turned texts. */
export function paintShapes(context: CanvasRenderingContext2D, shapes: readonly Shape[], fontFamily: string): void {
  const stroked = ({ color, opacity, width, dash }: Stroke, draw: () => void): void => {
    context.globalAlpha = opacity
    context.strokeStyle = color
    context.lineWidth = width
    context.setLineDash([...(dash ?? [])])
    draw()
  }
  context.save()
  context.lineJoin = 'round'
  for (const shape of shapes) {
    if (shape.kind === 'path') {
      if (shape.stroke !== null) stroked(shape.stroke, () => context.stroke(new Path2D(shape.d)))
      continue
    }
    const { text, x, y, size, bold, fill, halo } = shape
    context.font = `${bold ? 'bold ' : ''}${size}px ${fontFamily}`
    if (halo !== null) stroked(halo, () => context.strokeText(text, x, y))
    context.globalAlpha = fill.opacity
    context.fillStyle = fill.color
    context.fillText(text, x, y)
  }
  context.restore()
}
