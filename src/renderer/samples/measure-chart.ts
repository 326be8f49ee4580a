import { TEXT_MEASURES, type TextMeasureId } from '../../contract/model/measures'
import type { SampleRun, SampleRunMeasures, Variant } from '../../contract/documents/samples'
import { variantStyles } from '../../contract/documents/variant-styles'
import { overFewer } from '../../contract/words/evaluation-words'
import { elementAt } from '../../contract/model/look-up'
import type { ModelTone } from '../../contract/model/model-style'
import type { BarContent } from '../plots/bars'
import { formatScore } from '../ui/format'
import { measureShare } from './sample-measures'

/** Returns the look of each variant's bars: the colour of its name, paler for each further variant of that colour. */
export function barLooks(variants: readonly Variant[]): { tone: ModelTone; opacity: number }[] {
  const tones = variantStyles(variants).map(({ tone }) => tone)
  return tones.map((tone, position) => {
    const sameToneCount = tones.filter((other) => other === tone).length
    const earlierCount = tones.slice(0, position).filter((other) => other === tone).length
    return { tone, opacity: 1 - (0.8 * earlierCount) / sameToneCount }
  })
}

/** Reports whether a variant's mean of a measure is over fewer prompts than the run compares. */
export function hasFewer(
  { variants, compared }: Pick<SampleRunMeasures, 'variants' | 'compared'>,
  id: TextMeasureId | undefined,
  variant: string
): boolean {
  const counts = variants.find((entry) => entry.variant === variant)?.promptCounts
  return id !== undefined && counts !== undefined && overFewer(counts[id], compared.prompts) !== ''
}

/**
 * Returns one bar per variant and measure. A bar is hollow if its mean is over fewer prompts than the run compares.
 * The label of the measure then says so, because such means are not comparable with the bars beside them.
 */
export function measureBars(run: SampleRun, measures: SampleRunMeasures): BarContent {
  const looks = barLooks(run.variants)
  const labels = TEXT_MEASURES.map(({ short, better }) => `${short}${better === 'lower' ? ' ↓' : ''}`)
  return {
    x: {
      // Long words take two lines, so that no two touch, and all are small enough for the narrowest chart.
      labels: TEXT_MEASURES.map(({ id }, index) => [
        ...elementAt(labels, index, 'measure').split(/(?<=-)/),
        ...(run.variants.some(({ name }) => hasFewer(measures, id, name)) ? ['hollow:', 'fewer n'] : [])
      ]),
      size: 10,
      all: true
    },
    y: { bounds: [0, 1], step: 0.5, format: (value) => value.toFixed(1) },
    groups: run.variants.map((variant, index) => {
      const { tone, opacity } = elementAt(looks, index, 'bar')
      const measured = measures.variants.find((entry) => entry.variant === variant.name)
      return {
        name: variant.name,
        tone,
        // The legend shows the style of the first bar, distinct answers, which is never hollow.
        opacity: TEXT_MEASURES.map(({ id }) => (hasFewer(measures, id, variant.name) ? 0 : opacity)),
        values: TEXT_MEASURES.map(({ id }) => (measured === undefined ? null : measureShare(id, measured.measures)))
      }
    }),
    categoryName: (index) => elementAt(labels, index, 'measure'),
    format: formatScore
  }
}
