import { TEXT_MEASURES } from '../../contract/model/measures'
import type { SampleRun, SampleRunMeasures } from '../../contract/documents/samples'
import { toneOf } from '../../contract/documents/variant-styles'
import type { BarChart } from '../plots/bar-chart'
import { translucent, type ChartColors, type ChartFont } from '../plots/chart-theme'
import { shareOf } from './sample-measures'

/** Draws a bar for each variant and measure anew, with the theme's colours and the page's font. */
export function showMeasures(
  chart: BarChart,
  run: SampleRun,
  measures: SampleRunMeasures,
  colors: ChartColors,
  font: ChartFont
): void {
  chart.data.labels = TEXT_MEASURES.map(({ short, better }) => `${short}${better === 'lower' ? ' ↓' : ''}`)
  chart.data.datasets = run.variants.map((variant) => {
    const tone = toneOf(variant)
    const color = colors[tone]
    const found = measures.variants.find((entry) => entry.variant === variant.name)
    // Those of one colour get paler in the order of the columns.
    const alike = run.variants.filter((other) => toneOf(other) === tone)
    const depth = alike.indexOf(variant) / alike.length
    return {
      label: variant.name,
      data: TEXT_MEASURES.map(({ id }) => (found === undefined ? null : shareOf(id, found.measures))),
      backgroundColor: translucent(color, 1 - 0.8 * depth),
      borderColor: color,
      borderWidth: 1,
      categoryPercentage: 0.76,
      barPercentage: 0.92
    }
  })
  const ticks = { color: colors['ink-soft'], font: { ...font, size: 11 } }
  chart.options.scales = {
    x: {
      grid: { display: false },
      border: { color: colors['ink-faint'] },
      ticks: {
        ...ticks,
        maxRotation: 0,
        autoSkip: false,
        // Long words take two lines, so that no two touch, and all are small enough for the narrowest chart.
        font: { ...font, size: 10 },
        callback: (_value, index) => String(chart.data.labels?.[index] ?? '').split(/(?<=-)/)
      }
    },
    y: {
      min: 0,
      max: 1,
      grid: { color: colors.line },
      border: { display: false },
      ticks: { ...ticks, stepSize: 0.5 }
    }
  }
  chart.update('none')
}
