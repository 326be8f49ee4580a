import { toCsv } from '../../ui/csv'
import type { PlotContent } from '../plot'
import { createPlot } from '../plot-chart'
import { chartDrawing } from './chart-shapes'
import type { Figure } from './figure'

/** Height of a plot as a share of its width. */
const HEIGHT = 0.72

/**
 * Makes a plot a figure that can be saved.
 *
 * @param name end of the file name
 */
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
          // Series with a name beside their point or in the plot's own list are left out of the legend.
          legend: (labels) =>
            labels.filter((label) => content.series.some((series) => series.name === label && !series.named))
        },
        page
      ),
    csv: () => plotCsv(content)
  }
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
