import { at } from '../../contract/model/look-up'

/**
 * Kendall's rank correlation with ties (tau-b, 1945), counted by sorting (Knight 1966): n log n steps where comparing all pairs takes n².
 *
 * @returns null for fewer than three pairs, or when one side does not vary
 */
export function kendallTau(pairs: readonly (readonly [number, number])[]): number | null {
  if (pairs.length < 3) return null
  const ordered = [...pairs].sort((one, other) => one[0] - other[0] || one[1] - other[1])
  const all = pairsOf(ordered.length)
  const tiedFirst = tied(ordered, (one, other) => one[0] === other[0])
  const tiedBoth = tied(ordered, (one, other) => one[0] === other[0] && one[1] === other[1])
  const second = Float64Array.from(ordered, ([, value]) => value)
  const discordant = sortCounting(second)
  const tiedSecond = tied([...second], (one, other) => one === other)
  const varying = (all - tiedFirst) * (all - tiedSecond)
  if (varying === 0) return null
  return (all - tiedFirst - tiedSecond + tiedBoth - 2 * discordant) / Math.sqrt(varying)
}

const pairsOf = (count: number): number => (count * (count - 1)) / 2

/** Pairs of equal values, which stand beside each other. */
function tied<Value>(ordered: readonly Value[], equal: (one: Value, other: Value) => boolean): number {
  let pairs = 0
  let run = 1
  for (let index = 1; index <= ordered.length; index++) {
    const more = index < ordered.length && equal(at(ordered, index, 'value'), at(ordered, index - 1, 'value'))
    if (more) run += 1
    else {
      pairs += pairsOf(run)
      run = 1
    }
  }
  return pairs
}

/** Sorts by merging. @returns how many pairs stood in the wrong order */
function sortCounting(values: Float64Array): number {
  let wrong = 0
  let from = values
  let into: Float64Array = new Float64Array(values.length)
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      wrong += merge(from, into, start, start + width, Math.min(start + 2 * width, values.length))
    }
    ;[from, into] = [into, from]
  }
  values.set(from)
  return wrong
}

/** Merges two sorted runs of `from`, which meet at `middle`. @returns pairs of which the later value is the smaller */
function merge(from: Float64Array, into: Float64Array, start: number, middle: number, end: number): number {
  let wrong = 0
  let left = start
  let right = middle
  for (let place = start; place < end; place++) {
    const takeLeft = left < middle && (right >= end || at(from, left, 'value') <= at(from, right, 'value'))
    if (!takeLeft) wrong += Math.max(0, middle - left)
    into[place] = at(from, takeLeft ? left++ : right++, 'value')
  }
  return wrong
}
