import { measureOf, TEXT_MEASURES, type TextMeasureId } from '../../contract/model/measures'
import type { MeanPrompts, SampleMeasures, SampleRunMeasures } from '../../contract/documents/samples'
import { toCsv } from '../ui/csv'

/** A measure between 0 and 1, as bars need it: a count as a share of the answers. Null when they are too few to tell. */
export function measureShare(id: TextMeasureId, { sampleCount, values }: SampleMeasures): number | null {
  const value = values[id]
  if (value === undefined || sampleCount === 0) return null
  return measureOf(id).scale === 'count' ? value / sampleCount : value
}

/** The measures of every variant, each with over how many prompts it is the mean, and below them those of every cell. */
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
