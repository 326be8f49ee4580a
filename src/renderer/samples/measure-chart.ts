import { TEXT_MEASURES, type TextMeasureId } from '../../contract/model/measures'
import type { SampleRun, SampleRunMeasures, Variant } from '../../contract/documents/samples'
import { variantStyles } from '../../contract/documents/variant-styles'
import { overFewer } from '../../contract/words/evaluation-words'
import { elementAt } from '../../contract/model/look-up'
import type { ModelTone } from '../../contract/model/model-style'
import type { BarChart } from '../plots/bar-chart'
import { translucent, type ChartColors, type ChartFont } from '../plots/chart-theme'
import { shareOf } from './sample-measures'

/** How the bars of a run's variants look: in the colours of their names; those of one colour, beyond the palette, get paler. */
export function barLooks(variants: readonly Variant[]): { tone: ModelTone; opacity: number }[] {
  const tones = variantStyles(variants).map(({ tone }) => tone)
  return tones.map((tone, place) => {
    const alike = tones.filter((other) => other === tone).length
    const before = tones.slice(0, place).filter((other) => other === tone).length
    return { tone, opacity: 1 - (0.8 * before) / alike }
  })
}

/** Whether a variant's mean of a measure is over fewer prompts than the run compares. */
export function hasFewer(
  { variants, compared }: Pick<SampleRunMeasures, 'variants' | 'compared'>,
  id: TextMeasureId | undefined,
  variant: string
): boolean {
  const counts = variants.find((entry) => entry.variant === variant)?.promptCounts
  return id !== undefined && counts !== undefined && overFewer(counts[id], compared.prompts) !== ''
}

/**
 * Draws a bar for each variant and measure anew, hollow where its mean is over fewer prompts than the run compares, which its measure then
 * says: those are means of other prompts than the bars beside them. With the theme's colours and the page's font.
 */
export function showMeasures(
  chart: BarChart,
  run: SampleRun,
  measures: SampleRunMeasures,
  colors: ChartColors,
  font: ChartFont
): void {
  chart.data.labels = TEXT_MEASURES.map(({ short, better }) => `${short}${better === 'lower' ? ' ↓' : ''}`)
  const looks = barLooks(run.variants)
  chart.data.datasets = run.variants.map((variant, place) => {
    const { tone, opacity } = elementAt(looks, place, 'bar')
    const color = colors[tone]
    const found = measures.variants.find((entry) => entry.variant === variant.name)
    return {
      label: variant.name,
      data: TEXT_MEASURES.map(({ id }) => (found === undefined ? null : shareOf(id, found.measures))),
      // A legend takes the first: distinct answers are a mean over every prompt.
      backgroundColor: TEXT_MEASURES.map(({ id }) =>
        translucent(color, hasFewer(measures, id, variant.name) ? 0 : opacity)
      ),
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
        callback: (_value, index) => [
          ...String(chart.data.labels?.[index] ?? '').split(/(?<=-)/),
          ...(run.variants.some(({ name }) => hasFewer(measures, TEXT_MEASURES[index]?.id, name))
            ? ['hollow:', 'fewer n']
            : [])
        ]
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
