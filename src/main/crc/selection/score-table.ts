import { countedScores, type CountedPrompt } from '../../../contract/documents/counted-scores'
import type { CategoryScore, PromptScore } from '../../../contract/documents/crc'
import type { RestorationRange } from '../../../contract/model/recipe'
import { elementAt } from '../../../contract/model/look-up'
import { multimap } from '../../../contract/model/multimap'
import { selectIndex } from './select-range'

/** Validity and diversity of post and every range on every prompt, in arrays that are fast to average. */
export interface ScoreTable {
  ranges: readonly RestorationRange[]
  promptCount: number
  categoryNames: string[]
  /** Prompt indices of each category, in input order; parallel to the names. */
  categories: number[][]
  /** Flat array of shape `[1 + ranges, prompts]`, like `diversity`. The first row is post, and the ranges follow. */
  validity: Float64Array
  diversity: Float64Array
}

/** Means of every row of a score table under one weighting of the prompts, of shape `[1 + ranges]`. */
interface RowMeans {
  validity: Float64Array
  diversity: Float64Array
}

const POST_ROW = 0

/** Returns the row of a range in a table; post's row for null, because post answers if no range is selected. */
const rowOf = (range: number | null): number => (range === null ? POST_ROW : range + 1)

/** Fills a table from the scores of post and ranges on each prompt. */
export function scoreTable(
  prompts: readonly CountedPrompt[],
  post: { prompts: readonly PromptScore[] },
  ranges: readonly (RestorationRange & { prompts: readonly PromptScore[] })[]
): ScoreTable {
  const rows = [post, ...ranges]
  const table: ScoreTable = {
    ranges,
    promptCount: prompts.length,
    ...promptsByCategory(prompts),
    validity: new Float64Array(rows.length * prompts.length),
    diversity: new Float64Array(rows.length * prompts.length)
  }
  for (const [row, scores] of rows.entries()) {
    for (const [index, score] of countedScores(prompts, scores.prompts).entries()) {
      table.validity[row * prompts.length + index] = score.validity
      table.diversity[row * prompts.length + index] = score.diversity
    }
  }
  return table
}

/** Groups prompt indices by category, in the order in which categories first appear. */
export function promptsByCategory(
  prompts: readonly { category: string }[]
): Pick<ScoreTable, 'categoryNames' | 'categories'> {
  const byCategory = multimap(prompts.map(({ category }, index) => [category, index]))
  return { categoryNames: [...byCategory.keys()], categories: [...byCategory.values()] }
}

/** Allocates means, which {@link meansOver} fills. */
export function emptyMeans(table: ScoreTable): RowMeans {
  const rowCount = table.ranges.length + 1
  return { validity: new Float64Array(rowCount), diversity: new Float64Array(rowCount) }
}

/** Computes the weight of each prompt from the prompts drawn in each category. Every category has the same weight. */
export function weightsOf(
  { promptCount }: Pick<ScoreTable, 'promptCount'>,
  drawn: readonly (readonly number[])[]
): Float64Array {
  const weights = new Float64Array(promptCount)
  for (const indices of drawn) {
    const weight = 1 / (indices.length * drawn.length)
    for (const index of indices) weights[index] = elementAt(weights, index, 'prompt') + weight
  }
  return weights
}

/** Averages every row by the weights of {@link weightsOf} into `means`, and returns them. */
export function meansOver(table: ScoreTable, weights: Float64Array, means: RowMeans): RowMeans {
  for (let row = 0; row <= table.ranges.length; row++) {
    const mean = meanOfRow(table, row, weights)
    means.validity[row] = mean.validity
    means.diversity[row] = mean.diversity
  }
  return means
}

/** Returns the mean score of a range; of post for null. */
export const meanOfRange = ({ validity, diversity }: RowMeans, range: number | null): CategoryScore => ({
  validity: elementAt(validity, rowOf(range), 'row'),
  diversity: elementAt(diversity, rowOf(range), 'row')
})

/** Returns the means of the ranges without post, as views that change with the means. */
export const meansOfRanges = ({ validity, diversity }: RowMeans): RowMeans => ({
  validity: validity.subarray(POST_ROW + 1),
  diversity: diversity.subarray(POST_ROW + 1)
})

/** Selects a range by the means of a table. @returns its index; null if none qualifies */
export function selectByMeans({ ranges }: ScoreTable, means: RowMeans, rho: number): number | null {
  const { validity, diversity } = meansOfRanges(means)
  return selectIndex(ranges, validity, diversity, meanOfRange(means, null), rho)
}

/** Averages one range by the weights of {@link weightsOf}; post for null. */
export const weightedMean = (table: ScoreTable, range: number | null, weights: Float64Array): CategoryScore =>
  meanOfRow(table, rowOf(range), weights)

function meanOfRow(table: ScoreTable, row: number, weights: Float64Array): CategoryScore {
  const { promptCount } = table
  let validity = 0
  let diversity = 0
  for (let prompt = 0, cell = row * promptCount; prompt < promptCount; prompt++, cell++) {
    // Indices are unchecked because a bootstrap runs this line millions of times. The table defines the array lengths.
    const weight = weights[prompt] ?? 0
    validity += weight * (table.validity[cell] ?? 0)
    diversity += weight * (table.diversity[cell] ?? 0)
  }
  return { validity, diversity }
}
