import { NAME_SIZE, overlayShapes } from '../overlay'
import type { PicturePoint, PlotAxis, PlotPicture } from '../plot-picture'
import { numericAxes, type PlotArea } from './axes-drawing'
import type { Drawing } from './drawing'
import type { FigurePage, FramePage } from './figure'
import { legendShapes } from './legend-drawing'
import { keyShapes, seriesShapes } from './mark-drawing'
import { textWidth } from './text-width'

/** A plot as it is drawn. */
export interface DrawnPlot<Point extends PicturePoint> extends Drawing {
  picture: PlotPicture<Point>
  area: PlotArea
}

/** Draws a plot. @param height height as a share of the width, without the legend */
export const plotDrawing = <Point extends PicturePoint>(
  picture: PlotPicture<Point>,
  height: number,
  page: FigurePage
): DrawnPlot<Point> => drawPlot(picture, Math.round(page.width * height), picture.legend, page)

/** Draws a plot that fills a frame of the window, with its legend unless the window has another one. */
export function plotInFrame<Point extends PicturePoint>(
  picture: PlotPicture<Point>,
  page: FramePage
): DrawnPlot<Point> {
  const legend = picture.hasCanvasLegend ? picture.legend : []
  return drawPlot(picture, page.height - legendOf(picture, legend, 0, page).height, legend, page)
}

function legendOf(
  { series }: Pick<PlotPicture, 'series'>,
  labels: readonly string[],
  top: number,
  page: FigurePage
): ReturnType<typeof legendShapes> {
  const entries = labels.flatMap((label) => {
    const entry = series.find((each) => each.label === label)
    return entry === undefined ? [] : [{ label, key: (x: number, y: number) => keyShapes(entry, x, y) }]
  })
  return legendShapes(entries, top, page)
}

/** @param height height without the legend */
function drawPlot<Point extends PicturePoint>(
  picture: PlotPicture<Point>,
  height: number,
  labels: readonly string[],
  page: FigurePage
): DrawnPlot<Point> {
  const size = { width: page.width, height }
  const { area, shapes: axes } = numericAxes(picture, size, page)
  const legend = legendOf(picture, labels, height, page)
  return {
    picture,
    area,
    width: page.width,
    height: height + legend.height,
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

/** Returns the points whose marks are under a position. Of several marks, the nearest; of equally near ones, all. */
export function marksAt<Point extends PicturePoint>(
  { picture, area }: Pick<DrawnPlot<Point>, 'picture' | 'area'>,
  { x, y }: { x: number; y: number }
): Point[] {
  let nearest = Infinity
  let points: Point[] = []
  for (const { data, pointRadius, pointHitRadius = 1 } of picture.series)
    for (const point of data) {
      const [left, top] = [area.xOf(point.x), area.yOf(point.y)]
      const isInArea = left >= area.x && left <= area.x + area.width && top >= area.y && top <= area.y + area.height
      const distance = Math.hypot(left - x, top - y)
      if (!isInArea || distance > Math.min(nearest, pointRadius + pointHitRadius)) continue
      if (distance < nearest) points = []
      nearest = distance
      points.push(point)
    }
  return points
}

/** Returns the values of both axes at a position, or at the end of the area that is nearest to it. */
export function valuesAt(
  { picture, area }: Pick<DrawnPlot<PicturePoint>, 'area'> & { picture: Pick<PlotPicture, 'x' | 'y'> },
  x: number,
  y: number
): [x: number, y: number] {
  const along = ([low, high]: PlotAxis['bounds'], share: number): number =>
    low + (high - low) * Math.min(1, Math.max(0, share))
  return [along(picture.x.bounds, (x - area.x) / area.width), along(picture.y.bounds, 1 - (y - area.y) / area.height)]
}
