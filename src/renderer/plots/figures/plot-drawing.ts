import { type PositionedName, positionedNames } from '../draw-names'
import type { DrawnLine } from '../draw-lines'
import type { PicturePoint, PlotPicture } from '../plot-picture'
import type { Mark } from '../plot-names'
import { numericAxes, type PlotArea } from './axes-drawing'
import { baselineAt, type Drawing, path, type Shape, short, textShape } from './drawing'
import type { FigurePage } from './figure'
import { legendShapes } from './legend-drawing'
import { keyShapes, seriesShapes } from './mark-drawing'
import { textWidth } from './text-width'

const NAME_SIZE = 12

/** Draws a plot. @param height height as a share of the width, without the legend */
export function plotDrawing<Point extends PicturePoint>(
  picture: PlotPicture<Point>,
  height: number,
  page: FigurePage
): Drawing {
  const size = { width: page.width, height: Math.round(page.width * height) }
  const { area, shapes: axes } = numericAxes(picture, size, page)
  const legend = legendShapes(
    picture.legend.flatMap((label) => {
      const series = picture.series.find((entry) => entry.label === label)
      return series === undefined ? [] : [{ label, key: (x: number, y: number) => keyShapes(series, x, y) }]
    }),
    size.height,
    page
  )
  return {
    width: page.width,
    height: size.height + legend.height,
    shapes: [
      ...axes,
      // The first series is drawn last, over the others.
      ...picture.series.toReversed().flatMap((series) => seriesShapes(series, area, picture.titleOf)),
      ...picture.lines.map((line) => lineOver(line, area)),
      ...nameShapes(picture, area, page),
      ...legend.shapes
    ]
  }
}

function lineOver({ from, to, color, dash }: DrawnLine, { xOf, yOf }: PlotArea): Shape {
  const d = `M${short(xOf(from.x))} ${short(yOf(from.y))}L${short(xOf(to.x))} ${short(yOf(to.y))}`
  return path(d, { stroke: color, width: 1.25, ...(dash !== undefined && { dash }) })
}

function nameShapes<Point extends PicturePoint>(
  { names, marks }: PlotPicture<Point>,
  { xOf, yOf, x, y, width, height }: PlotArea,
  { colors }: FigurePage
): Shape[] {
  const onPage = <At extends Mark>(mark: At): At => ({ ...mark, x: xOf(mark.x), y: yOf(mark.y) })
  const positioned = positionedNames(names.map(onPage), marks.map(onPage), {
    area: { left: x, top: y, right: x + width, bottom: y + height },
    widthOf: (words) => textWidth(words, NAME_SIZE, true)
  })
  return [
    ...positioned.flatMap((name) => leader(name, colors.surface)),
    ...positioned.flatMap(({ text: words, color, position }) =>
      position === null
        ? []
        : [
            textShape(words, position.x, baselineAt(position.y, NAME_SIZE), color, {
              size: NAME_SIZE,
              bold: true,
              halo: colors.surface
            })
          ]
    )
  ]
}

/** Draws the line from a distant name to its point, over a wider one that separates it from the points. */
function leader({ x, y, color, position, width }: PositionedName, surface: string): Shape[] {
  if (position === null || !position.led) return []
  const end = Math.min(Math.max(x, position.x), position.x + width)
  const d = `M${short(x)} ${short(y)}L${short(end)} ${short(position.y)}`
  return [path(d, { stroke: surface, width: 3 }), path(d, { stroke: color, width: 1 })]
}
