import { measureOf, TEXT_MEASURES, type TextMeasureId } from '../../contract/model/measures'
import type { SampleMeasures, SampleRunMeasures } from '../../contract/documents/samples'
import { toCsv } from '../ui/csv'

/** A measure between 0 and 1, as bars need it: a count as a share of the answers. Null when they are too few to tell. */
export function shareOf(id: TextMeasureId, { sampleCount, values }: SampleMeasures): number | null {
  const value = values[id]
  if (value === undefined || sampleCount === 0) return null
  return measureOf(id).scale === 'count' ? value / sampleCount : value
}

/** The measures of every variant, and below them those of every cell. */
export function measuresCsv({ variants, cells }: Omit<SampleRunMeasures, 'compared'>): string {
  const row = (variant: string, prompt: number | null, measures: SampleMeasures) => [
    variant,
    prompt,
    measures.sampleCount,
    ...TEXT_MEASURES.map(({ id }) => measures.values[id] ?? null)
  ]
  return toCsv(
    ['variant', 'prompt', 'answers', ...TEXT_MEASURES.map(({ id }) => id)],
    [
      ...variants.map(({ variant, measures }) => row(variant, null, measures)),
      ...cells.map(({ variant, prompt, measures }) => row(variant, prompt + 1, measures))
    ]
  )
}
