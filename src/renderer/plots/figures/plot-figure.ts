import { toCsv } from '../../ui/csv'
import type { PlotContent } from '../plot'
import { createPlot } from '../plot-chart'
import { chartDrawing } from './chart-shapes'
import type { Figure } from './figure'

/** Of its width, how high a plot is. */
const HEIGHT = 0.72

/** A plot as it can be saved. @param name of its file */
export function plotFigure(content: PlotContent, name: readonly string[]): Figure {
  return {
    name,
    title: content.label,
    draw: (page) =>
      chartDrawing(
        {
          height: HEIGHT,
          create: (surface) => createPlot(surface),
          draw: (plot, colors, font) => plot.show(content, colors, font),
          // What has its name beside it, or in the plot's own list, is not told again.
          legend: (labels) =>
            labels.filter((label) => content.series.some((series) => series.name === label && !series.named))
        },
        page
      ),
    csv: () => plotCsv(content)
  }
}

/** A row for each point, with its intervals where any has them. */
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
      // What has no place ends a line, and is no point.
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
