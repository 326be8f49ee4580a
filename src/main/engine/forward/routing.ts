import { at } from '../../../contract/model/look-up'
import type { Experts } from '../../family'
import { rowAt } from '../rows/rows'
import { largestPlaces } from './largest-places'

/** Which rows go through which expert: those of expert e are the places starts[e] .. starts[e + 1] - 1. */
export interface Routing {
  readonly starts: Int32Array
  readonly rows: Int32Array
  /** What each row multiplies the expert's result by. */
  readonly weights: Float32Array
}

/**
 * Sends rows to the experts of largest probability, as transformers does (softmax over all experts, then the choice, then the sum
 * of the chosen made one where the model says so).
 *
 * @param probabilities [rows, experts]
 */
export function routeRows(probabilities: Float32Array, { count, perRow, normed }: Experts): Routing {
  const rowCount = probabilities.length / count
  const chosen = new Int32Array(rowCount * perRow)
  const starts = new Int32Array(count + 1)
  for (let row = 0; row < rowCount; row++) {
    const largest = largestPlaces(rowAt(probabilities, row, count), perRow)
    chosen.set(largest, row * perRow)
    for (const expert of largest) starts[expert + 1] = at(starts, expert + 1, 'expert') + 1
  }
  for (let expert = 0; expert < count; expert++)
    starts[expert + 1] = at(starts, expert + 1, 'expert') + at(starts, expert, 'expert')
  const next = starts.slice()
  const rows = new Int32Array(chosen.length)
  const weights = new Float32Array(chosen.length)
  for (let row = 0; row < rowCount; row++) {
    const ofRow = rowAt(probabilities, row, count)
    const own = chosen.subarray(row * perRow, (row + 1) * perRow)
    const sum = normed
      ? own.reduce((total, expert) => Math.fround(total + at(ofRow, expert, 'expert')), 0)
      : 1
    for (const expert of own) {
      const place = at(next, expert, 'expert')
      next[expert] = place + 1
      rows[place] = row
      weights[place] = at(ofRow, expert, 'expert') / sum
    }
  }
  return { starts, rows, weights }
}
