import { at } from '../../../contract/model/look-up'
import type { Experts } from '../../family'
import { rowAt } from '../rows/rows'

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

/**
 * Places of the `count` largest of some values, in no order. Which of equal values are among them is what torch.topk says on the CPU:
 * it selects by std::nth_element, as the GNU library has it, which partitions by the median of three until three are left.
 */
export function largestPlaces(values: Float32Array, count: number): Int32Array {
  const places = Int32Array.from(values, (_, place) => place)
  const of = (i: number): number => at(values, at(places, i, 'place'), 'value')
  // As torch orders them: NaN is the largest.
  const before = (i: number, j: number): boolean =>
    of(i) > of(j) || (Number.isNaN(of(i)) && !Number.isNaN(of(j)))
  const swap = (i: number, j: number): void => {
    const [one, other] = [at(places, i, 'place'), at(places, j, 'place')]
    places[i] = other
    places[j] = one
  }
  let first = 0
  let last = values.length
  while (last - first > 3) {
    const pivot = first
    swap(pivot, medianOf(first + 1, first + Math.floor((last - first) / 2), last - 1, before))
    let low = first + 1
    let high = last
    for (;;) {
      while (before(low, pivot)) low++
      high--
      while (before(pivot, high)) high--
      if (low >= high) break
      swap(low, high)
      low++
    }
    if (low <= count - 1) first = low
    else last = low
  }
  for (let end = first + 1; end < last; end++)
    for (let i = end; i > first && before(i, i - 1); i--) swap(i, i - 1)
  return places.subarray(0, count)
}

function medianOf(a: number, b: number, c: number, before: (i: number, j: number) => boolean): number {
  if (before(a, b)) {
    if (before(b, c)) return b
    return before(a, c) ? c : a
  }
  if (before(a, c)) return a
  return before(b, c) ? c : b
}
