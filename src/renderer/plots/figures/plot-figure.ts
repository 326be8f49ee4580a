import { toCsv } from '../../ui/csv'
import { type PlotContent, plotNames, plotSeries, plotWhiskers } from '../plot'
import type { Drawing } from './drawing'
import type { Figure, FigurePage } from './figure'
import { plotDrawing } from './plot-drawing'

/** Height of a plot as a share of its width. */
const HEIGHT = 0.72

/** Makes a plot a figure that can be saved. @param name end of the file name */
export const plotFigure = (content: PlotContent, name: readonly string[]): Figure => ({
  name,
  title: content.label,
  draw: (page) => plotPicture(content, page),
  csv: () => plotCsv(content)
})

/** Draws a plot with intervals, names, and a legend of the series without a name beside their points. */
export function plotPicture(content: PlotContent, page: FigurePage, height = HEIGHT): Drawing {
  const { series, x, y } = content
  const listed = series.filter(({ named, connected, points }) => (connected || !named) && points.length > 0)
  return plotDrawing(
    {
      series: plotSeries(content, page.colors),
      x: { ...x, titles: [x.title] },
      y: { ...y, titles: [y.title] },
      lines: plotWhiskers(content, page.colors),
      names: plotNames(content, page.colors),
      marks: [],
      legend: [...new Set(listed.map(({ name }) => name))],
      titleOf: ({ lines }) => lines.join('\n')
    },
    height,
    page
  )
}

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
