import type { RestorationRange } from '../model/recipe'
import type { ComparedScores, SweepComparison } from './sweep-comparison'

type Cell = string | number | null

export const COMPARISON_COLUMNS =
  'kind start end other_start other_end validity_a validity_b validity_difference diversity_a ' +
  'diversity_b diversity_difference validity_margin diversity_margin'

/** Returns a row for base, post and each range of two sweeps, with the {@link COMPARISON_COLUMNS}. */
export function comparedCells({ base, post, ranges }: Pick<SweepComparison, 'base' | 'post' | 'ranges'>): Cell[][] {
  const row = (
    kind: string,
    { a, b, difference, margins }: ComparedScores,
    range: RestorationRange | null = null,
    other: RestorationRange | null = null
  ): Cell[] => [
    ...[kind, range?.start ?? null, range?.end ?? null, other?.start ?? null, other?.end ?? null],
    ...[a.validity, b.validity, difference.validity, a.diversity, b.diversity, difference.diversity],
    ...[margins.validity, margins.diversity]
  ]
  return [
    ...(base === null ? [] : [row('base', base)]),
    row('post', post),
    ...ranges.map((compared) => row('range', compared, compared.range, compared.other))
  ]
}
