import { type BarChart, createBarChart } from '../bar-chart'
import { chartDrawing, type DrawnChart } from './chart-shapes'
import type { Figure } from './figure'

interface BarFigure extends Omit<Figure, 'draw'> {
  /** As on the screen. */
  show: DrawnChart<BarChart>['draw']
}

/** Bars as they can be saved. Where there is but one kind of them, the axis says what they are. */
export const barFigure = ({ show, ...figure }: BarFigure): Figure => ({
  ...figure,
  draw: (page) =>
    chartDrawing(
      {
        create: createBarChart,
        draw: show,
        height: 0.5,
        legend: (labels) => (labels.length > 1 ? labels : [])
      },
      page
    )
})
