import type { LayerDistance } from '../../contract/documents/distances'
import type { BarChart } from '../plots/bar-chart'
import { type ChartColors, translucent, type ChartFont } from '../plots/chart-theme'
import { DISTANCE_METRICS, type DistanceMetric } from './distances'

/** Draws a bar for each layer anew, with the theme's colours and the page's font. */
export function showDistances(
  chart: BarChart,
  layers: readonly LayerDistance[],
  metric: DistanceMetric,
  colors: ChartColors,
  font: ChartFont
): void {
  const spec = DISTANCE_METRICS[metric]
  const values = layers.map((layer) => spec.value(layer))
  const [low, high] = spec.domain(values.filter((value) => value !== null))
  const { format } = spec
  chart.data.labels = layers.map(({ layer }) => String(layer))
  chart.data.datasets = [
    {
      label: spec.label,
      data: values,
      backgroundColor: translucent(colors.post, 0.75),
      borderColor: colors.post,
      borderWidth: 1,
      categoryPercentage: 0.86,
      barPercentage: 1
    }
  ]
  const ticks = { color: colors['ink-soft'], font: { ...font, size: 11 } }
  const title = { display: true, color: colors['ink-soft'], font: { ...font, size: 11 } }
  chart.options.scales = {
    x: {
      grid: { display: false },
      border: { color: colors['ink-faint'] },
      ticks: { ...ticks, maxRotation: 0 },
      title: { ...title, text: 'decoder layer' }
    },
    y: {
      min: low,
      max: high,
      grid: { color: colors.line },
      border: { display: false },
      ticks: { ...ticks, maxTicksLimit: 7, includeBounds: false, callback: (value) => format(Number(value)) },
      title: { ...title, text: spec.label.toLowerCase() }
    }
  }
  const { plugins } = chart.options
  if (plugins?.tooltip?.callbacks !== undefined) {
    plugins.tooltip.callbacks.title = ([item]) => `Layer ${item?.label ?? ''}`
    plugins.tooltip.callbacks.label = ({ parsed }) => `${spec.label} ${format(parsed.y ?? 0)}`
  }
  chart.update('none')
}
