import { toCsv } from '../../ui/csv'
import { type PlotContent, plotPicture } from '../plot'
import type { Figure } from './figure'
import { plotDrawing } from './plot-drawing'

/** Height of a plot as a share of its width. */
const HEIGHT = 0.72

/** Makes a plot a figure that can be saved. @param name end of the file name */
export const plotFigure = (content: PlotContent, name: readonly string[]): Figure => ({
  name,
  title: content.label,
  draw: (page) => plotDrawing(plotPicture(content, page.colors), HEIGHT, page),
  csv: () => plotCsv(content)
})

/** Writes one CSV row per point, with interval columns if any point has an interval. */
export function plotCsv({ series, x, y }: PlotContent): string {
  const points = series.flatMap((entry) => entry.points)
  const [across, up] = [
    points.some(({ xInterval }) => xInterval !== undefined),
    points.some(({ yInterval }) => yInterval !== undefined)
  ]
  const ends = (title: string): string[] => [`${title}, low`, `${title}, high`]
  return toCsv(
    ['series', x.title, ...(across ? ends(x.title) : []), y.title, ...(up ? ends(y.title) : [])],
    series.flatMap(({ name, points: shown }) =>
      // A point without coordinates interrupts a curve and is left out.
      shown
        .filter((point) => !Number.isNaN(point.x))
        .map((point) => [
          name,
          x.tick?.(point.x) ?? point.x,
          ...(across ? (point.xInterval ?? [null, null]) : []),
          y.tick?.(point.y) ?? point.y,
          ...(up ? (point.yInterval ?? [null, null]) : [])
        ])
    )
  )
}
