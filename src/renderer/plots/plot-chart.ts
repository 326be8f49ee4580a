import { Chart, type ChartConfiguration, type LegendItem } from 'chart.js'
import { FILLING } from './chart-setup'
import type { ChartColors, ChartFont } from './chart-theme'
import { drawLines } from './draw-lines'
import { drawNames } from './draw-names'
import { type PlotAxis, type PlotContent, plotNames, type PlotPoint, plotSeries, plotWhiskers } from './plot'

export type PlotChart = Chart<'scatter', PlotPoint[]>

/** A plot on a canvas, empty at first. `show` draws its content with the theme's colours and the page's font. */
export interface ShownPlot {
  chart: PlotChart
  show: (content: PlotContent, colors: ChartColors, font: ChartFont) => void
}

export function createPlot(
  canvas: HTMLCanvasElement,
  onpick: (picked: { series: number; point: number }) => void = () => undefined
): ShownPlot {
  let drawOver: (drawn: PlotChart) => void = () => undefined
  const chart: PlotChart = new Chart(
    canvas,
    plotConfiguration(onpick, (drawn) => drawOver(drawn))
  )
  return {
    chart,
    show(content, colors, font) {
      chart.data.datasets = plotSeries(content, colors)
      const names = plotNames(content, colors)
      drawOver = (drawn) => {
        drawLines(drawn, plotWhiskers(content, colors))
        drawNames(drawn, names, [], colors, font)
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

/** Returns a legend for named curves, whose ends may be too close together for names. */
const plotLegend = ({ series }: PlotContent, colors: ChartColors, font: ChartFont) =>
  ({
    display: series.some(({ connected, named }) => connected && named),
    position: 'bottom',
    labels: {
      usePointStyle: true,
      boxHeight: 7,
      color: colors['ink-soft'],
      font,
      // Series of the same name share the first one's entry.
      filter: ({ text, datasetIndex }: LegendItem) => datasetIndex === series.findIndex(({ name }) => name === text)
    }
  }) as const

/**
 * Returns the constant configuration of every plot: no animation, and tooltips of the nearest point.
 *
 * @param ondrawn called after points and whiskers are drawn, to draw over them
 */
function plotConfiguration(
  onpick: (picked: { series: number; point: number }) => void,
  ondrawn: (chart: PlotChart) => void
): ChartConfiguration<'scatter', PlotPoint[]> {
  return {
    type: 'scatter',
    data: { datasets: [] },
    plugins: [{ id: 'names', afterDatasetsDraw: ondrawn }],
    options: {
      ...FILLING,
      interaction: { mode: 'nearest', intersect: true },
      layout: { padding: { top: 8, right: 12 } },
      onClick: (_event, elements) => {
        const [first] = elements
        if (first !== undefined) onpick({ series: first.datasetIndex, point: first.index })
      },
      plugins: {
        legend: { display: false },
        tooltip: {
          animation: false,
          displayColors: false,
          filter: (_item, index) => index === 0,
          callbacks: {
            label: ({ dataset, dataIndex }) => {
              const point: unknown = dataset.data[dataIndex]
              return hasLines(point) ? [...point.lines] : ''
            }
          }
        }
      }
    }
  }
}

// Chart.js hands data back untyped.
const hasLines = (data: unknown): data is { lines: readonly string[] } =>
  typeof data === 'object' && data !== null && 'lines' in data && Array.isArray(data.lines)
