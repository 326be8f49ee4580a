import type { CrossFit } from '../../../contract/documents/crc'
import { emptyMeans, meanOfRange, meansOver, type ScoreTable, selectByMeans, weightsOf } from './score-table'
import { elementAt } from '../../../contract/model/look-up'

/**
 * Splits the prompts into two halves. Selects a range on each half, scores it on the other half, and averages both
 * scores. If no range can be selected on a half, post is scored instead.
 *
 * @returns the score, or the reason why there is none
 */
export function crossFit(table: ScoreTable, rho: number): { crossFit: CrossFit } | { reason: string } {
  const split = splitIntoHalves(table)
  if ('reason' in split) return split
  const { even, odd } = split
  const folds: CrossFit['folds'] = [fold(table, even, odd, rho), fold(table, odd, even, rho)]
  const mean = (field: 'validity' | 'diversity' | 'postValidity' | 'postDiversity'): number =>
    (folds[0][field] + folds[1][field]) / 2
  return {
    crossFit: {
      folds,
      validity: mean('validity'),
      diversity: mean('diversity'),
      postValidity: mean('postValidity'),
      postDiversity: mean('postDiversity')
    }
  }
}

/**
 * Splits the prompts of each category into those at even and at odd positions.
 * @returns prompt indices of each category, or the reason why the prompts cannot be split
 */
export function splitIntoHalves({
  categoryNames,
  categories
}: Pick<ScoreTable, 'categoryNames' | 'categories'>): { even: number[][]; odd: number[][] } | { reason: string } {
  const single = categoryNames.find((_, category) => categories[category]?.length === 1)
  if (single !== undefined) {
    return { reason: `The category "${single}" has a single prompt, which cannot be split into two halves.` }
  }
  return {
    even: categories.map((indices) => indices.filter((_, position) => position % 2 === 0)),
    odd: categories.map((indices) => indices.filter((_, position) => position % 2 === 1))
  }
}

/** Selects a range on some prompts and scores it on others; scores post if none qualifies. */
function fold(
  table: ScoreTable,
  selectOn: readonly (readonly number[])[],
  scoreOn: readonly (readonly number[])[],
  rho: number
): CrossFit['folds'][number] {
  const selectionMeans = meansOver(table, weightsOf(table, selectOn), emptyMeans(table))
  const index = selectByMeans(table, selectionMeans, rho)
  const range = index === null ? null : elementAt(table.ranges, index, 'range')
  const holdOutMeans = meansOver(table, weightsOf(table, scoreOn), emptyMeans(table))
  const post = meanOfRange(holdOutMeans, null)
  return {
    selected: range === null ? null : { start: range.start, end: range.end },
    ...meanOfRange(holdOutMeans, index),
    postValidity: post.validity,
    postDiversity: post.diversity
  }
}
