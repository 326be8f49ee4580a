import { type BarChart, createBarChart } from '../bar-chart'
import type { ChartColors, ChartFont } from '../chart-theme'
import { chartDrawing } from './chart-shapes'
import type { Figure } from './figure'

interface BarFigure extends Omit<Figure, 'draw'> {
  /** Draws the bars as on the screen. */
  show: (chart: BarChart, colors: ChartColors, font: ChartFont) => void
}

/**
 * Makes bars a figure that can be saved. The legend is left out if there is only one kind of bars, which the axis
 * names.
 */
export const barFigure = ({ show, ...figure }: BarFigure): Figure => ({
  ...figure,
  draw: (page) =>
    chartDrawing(
      {
        create: (surface) => ({ chart: createBarChart(surface) }),
        draw: ({ chart }, colors, font) => show(chart, colors, font),
        height: 0.5,
        legend: (labels) => (labels.length > 1 ? labels : [])
      },
      page
    )
})
