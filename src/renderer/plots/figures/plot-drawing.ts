import { NAME_SIZE, overlayShapes } from '../overlay'
import type { PicturePoint, PlotPicture } from '../plot-picture'
import { numericAxes } from './axes-drawing'
import type { Drawing } from './drawing'
import type { FigurePage } from './figure'
import { legendShapes } from './legend-drawing'
import { keyShapes, seriesShapes } from './mark-drawing'
import { textWidth } from './text-width'

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
      ...overlayShapes(picture, {
        ...{ xOf: area.xOf, yOf: area.yOf },
        ...{ left: area.x, top: area.y, right: area.x + area.width, bottom: area.y + area.height },
        widthOf: (words) => textWidth(words, NAME_SIZE, true),
        surface: page.colors.surface
      }),
      ...legend.shapes
    ]
  }
}
