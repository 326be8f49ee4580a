import { elementAt } from '../../../contract/model/look-up'
import type { Experts } from '../../family'
import { rowAt } from '../rows/rows'
import { largestIndices } from './largest-indices'

/** Assigns rows to experts. The rows of expert e are at the indices starts[e] .. starts[e + 1] - 1. */
export interface ExpertRouting {
  readonly starts: Int32Array
  readonly rows: Int32Array
  /** Factor of the expert's result for each row. */
  readonly weights: Float32Array
}

/**
 * Routes rows to the experts with the highest probabilities, as transformers does. It takes the softmax over all
 * experts and then selects. If the model says so, it divides the selected probabilities by their sum.
 *
 * @param probabilities [rows, experts]
 */
export function routeRows(probabilities: Float32Array, { count, perRow, normed }: Experts): ExpertRouting {
  const rowCount = probabilities.length / count
  const selected = new Int32Array(rowCount * perRow)
  const starts = new Int32Array(count + 1)
  for (let row = 0; row < rowCount; row++) {
    const largest = largestIndices(rowAt(probabilities, row, count), perRow)
    selected.set(largest, row * perRow)
    for (const expert of largest) starts[expert + 1] = elementAt(starts, expert + 1, 'expert') + 1
  }
  for (let expert = 0; expert < count; expert++)
    starts[expert + 1] = elementAt(starts, expert + 1, 'expert') + elementAt(starts, expert, 'expert')
  const next = starts.slice()
  const rows = new Int32Array(selected.length)
  const weights = new Float32Array(selected.length)
  for (let row = 0; row < rowCount; row++) {
    const ofRow = rowAt(probabilities, row, count)
    const rowExperts = selected.subarray(row * perRow, (row + 1) * perRow)
    const sum = normed
      ? rowExperts.reduce((total, expert) => Math.fround(total + elementAt(ofRow, expert, 'expert')), 0)
      : 1
    for (const expert of rowExperts) {
      const index = elementAt(next, expert, 'expert')
      next[expert] = index + 1
      rows[index] = row
      weights[index] = elementAt(ofRow, expert, 'expert') / sum
    }
  }
  return { starts, rows, weights }
}
