import type { CategoryScore } from '../../contract/documents/crc'
import type { RestorationRange } from '../../contract/model/recipe'
import type { Variant } from '../../contract/documents/samples'
import { type RestorationSource, sweptRangeModel } from '../../contract/model/model'
import { rangeName } from '../ui/format'

/**
 * Returns ranges of a sweep whose diversities are spread evenly from the least to the most diverse. They show how well
 * the sweep predicts a task.
 */
export function spreadOfRanges<Range extends RestorationRange & CategoryScore>(
  ranges: readonly Range[],
  count: number
): Range[] {
  const left = ranges.toSorted((a, b) => a.diversity - b.diversity)
  const low = left[0]?.diversity ?? 0
  const high = left.at(-1)?.diversity ?? 0
  const chosen: Range[] = []
  for (let step = 0; step < count && left.length > 0; step += 1) {
    const wanted = count === 1 ? high : low + ((high - low) * step) / (count - 1)
    let nearest = 0
    for (const [index, range] of left.entries()) {
      const best = left[nearest]
      if (best !== undefined && Math.abs(range.diversity - wanted) < Math.abs(best.diversity - wanted)) nearest = index
    }
    chosen.push(...left.splice(nearest, 1))
  }
  return chosen.sort((a, b) => a.diversity - b.diversity)
}

/** Returns a swept range as a variant that carries the name of the range. */
export function rangeVariant(range: RestorationRange, restoring: RestorationSource): Variant {
  const name = rangeName(range, restoring.source)
  const { recipe } = sweptRangeModel(range, restoring)
  return { kind: 'recipe', name, recipe: { ...recipe, name } }
}
