import { measureOf, TEXT_MEASURES, type TextMeasureId } from '../../contract/model/measures'
import type { MeanPrompts, SampleMeasures, SampleRunMeasures } from '../../contract/documents/samples'
import { toCsv } from '../ui/csv'

/** Returns a measure from 0 to 1 for bars. A count becomes a share of the answers. Null for too few answers. */
export function measureShare(id: TextMeasureId, { sampleCount, values }: SampleMeasures): number | null {
  const value = values[id]
  if (value === undefined || sampleCount === 0) return null
  return measureOf(id).scale === 'count' ? value / sampleCount : value
}

/** Writes the means of every variant with their numbers of prompts, then the measures of every cell. */
export function measuresCsv({ variants, cells }: Omit<SampleRunMeasures, 'compared'>): string {
  const row = (
    variant: string,
    prompt: number | null,
    { sampleCount, values }: SampleMeasures,
    promptCounts: MeanPrompts
  ) => [
    variant,
    prompt,
    sampleCount,
    ...TEXT_MEASURES.flatMap(({ id }) => [values[id] ?? null, promptCounts[id] ?? null])
  ]
  return toCsv(
    ['variant', 'prompt', 'answers', ...TEXT_MEASURES.flatMap(({ id }) => [id, `${id}_prompts`])],
    [
      ...variants.map(({ variant, measures, promptCounts }) => row(variant, null, measures, promptCounts)),
      ...cells.map(({ variant, prompt, measures }) => row(variant, prompt + 1, measures, {}))
    ]
  )
}
