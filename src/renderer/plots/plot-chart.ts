import { Chart } from 'chart.js'
import type { ChartSurface } from './chart-surface'
import { drawLines } from './draw-lines'
import type { ChartColors, ChartFont } from './chart-theme'
import {
  drawPlotNames,
  plotConfiguration,
  plotDatasets,
  plotLegend,
  plotWhiskers,
  type PlotAxis,
  type PlotChart,
  type PlotContent
} from './plot'

/** A plot on a canvas, empty at first. `show` draws its content with the theme's colours and the page's font. */
export interface ShownPlot {
  chart: PlotChart
  show: (content: PlotContent, colors: ChartColors, font: ChartFont) => void
}

export function createPlot(
  { canvas, ...surface }: ChartSurface,
  onpick: (picked: { series: number; point: number }) => void = () => undefined
): ShownPlot {
  let drawOver: (drawn: PlotChart) => void = () => undefined
  const chart: PlotChart = new Chart(canvas, {
    ...surface,
    ...plotConfiguration(onpick, (drawn) => drawOver(drawn))
  })
  return {
    chart,
    show(content, colors, font) {
      chart.data.datasets = plotDatasets(content, colors)
      drawOver = (drawn) => {
        drawLines(drawn, plotWhiskers(content, colors))
        drawPlotNames(drawn, content, colors, font)
      }
      const axis = ({ title, bounds, tick, step, whole = false }: PlotAxis): object => ({
        min: bounds[0],
        max: bounds[1],
        grid: { color: colors.line },
        border: { color: colors['ink-faint'] },
        ticks: {
          color: colors['ink-faint'],
          font: { ...font, size: 11 },
          ...(step === undefined ? {} : { stepSize: step }),
          ...(whole ? { precision: 0 } : {}),
          ...(tick === undefined ? {} : { callback: tick })
        },
        title: { display: true, text: title, color: colors['ink-soft'], font }
      })
      chart.options.scales = { x: axis(content.x), y: axis(content.y) }
      const { plugins } = chart.options
      if (plugins?.legend !== undefined) plugins.legend = plotLegend(content, colors, font)
      chart.update('none')
    }
  }
}
