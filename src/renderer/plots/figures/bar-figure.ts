import { type BarChart, createBarChart } from '../bar-chart'
import type { ChartColors, ChartFont } from '../chart-theme'
import { chartDrawing } from './chart-shapes'
import type { Figure } from './figure'

interface BarFigure extends Omit<Figure, 'draw'> {
  /** As on the screen. */
  show: (chart: BarChart, colors: ChartColors, font: ChartFont) => void
}

/** Bars as they can be saved. Where there is but one kind of them, the axis says what they are. */
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
