import { elementAt } from '../../../contract/model/look-up'

/** The number of values per selected value above which torch selects with a heap instead of partitioning. */
const HEAP_SHARE = 64

/**
 * Returns the indices of the `count` largest values. Of equal values it selects the same as torch.topk on the CPU, and
 * therefore repeats the algorithms of the GNU C++ library.
 */
export function largestIndices(values: Float32Array, count: number): Int32Array {
  const selection = new Selection(values)
  if (count * HEAP_SHARE <= values.length) selection.byHeap(0, count)
  else selection.byPartition(count - 1)
  return selection.indices.subarray(0, count)
}

/** Indices of values, rearranged so that the largest values come first. */
class Selection {
  readonly indices: Int32Array

  constructor(private readonly values: Float32Array) {
    this.indices = Int32Array.from(values, (_, index) => index)
  }

  /** Selects with introselect: partitions by the median of three, and a heap after too many steps. */
  byPartition(nth: number): void {
    let first = 0
    let last = this.indices.length
    let depth = 2 * Math.floor(Math.log2(last))
    while (last - first > 3) {
      if (depth === 0) {
        this.byHeap(first, nth + 1 - first, last)
        this.swap(first, nth)
        return
      }
      depth--
      const split = this.partition(first, last)
      if (split <= nth) first = split
      else last = split
    }
    for (let end = first + 1; end < last; end++)
      for (let i = end; i > first && this.before(i, i - 1); i--) this.swap(i, i - 1)
  }

  /** Collects the `length` largest values, starting at index `first`, in a heap. Its root is the smallest of them. */
  byHeap(first: number, length: number, last = this.indices.length): void {
    for (let parent = Math.floor((length - 2) / 2); parent >= 0; parent--)
      this.placeInHeap(first, length, parent, this.index(first + parent))
    for (let i = first + length; i < last; i++) {
      if (!this.before(i, first)) continue
      const index = this.index(i)
      this.indices[i] = this.index(first)
      this.placeInHeap(first, length, 0, index)
    }
  }

  /** Puts an index into the hole of a heap: down to the end, and then up to its position. */
  private placeInHeap(first: number, length: number, top: number, index: number): void {
    let hole = top
    let child = top
    const up = (from: number): void => {
      this.indices[first + hole] = this.index(first + from)
      hole = from
    }
    while (child < Math.floor((length - 1) / 2)) {
      child = 2 * (child + 1)
      if (this.before(first + child, first + child - 1)) child--
      up(child)
    }
    if (length % 2 === 0 && child === (length - 2) / 2) up(2 * child + 1)
    for (let parent = Math.floor((hole - 1) / 2); hole > top; parent = Math.floor((hole - 1) / 2)) {
      if (!this.isLarger(this.index(first + parent), index)) break
      up(parent)
    }
    this.indices[first + hole] = index
  }

  /** Divides a range by the median of three values. @returns the first index of the part with smaller values */
  private partition(pivot: number, last: number): number {
    const middle = pivot + Math.floor((last - pivot) / 2)
    this.swap(pivot, this.median(pivot + 1, middle, last - 1))
    let low = pivot + 1
    let high = last
    for (;;) {
      while (this.before(low, pivot)) low++
      high--
      while (this.before(pivot, high)) high--
      if (low >= high) return low
      this.swap(low, high)
      low++
    }
  }

  private median(a: number, b: number, c: number): number {
    if (this.before(a, b)) {
      if (this.before(b, c)) return b
      return this.before(a, c) ? c : a
    }
    if (this.before(a, c)) return a
    return this.before(b, c) ? c : b
  }

  private before(i: number, j: number): boolean {
    return this.isLarger(this.index(i), this.index(j))
  }

  /** Compares values in the order of torch, in which NaN is the largest. */
  private isLarger(index: number, other: number): boolean {
    const [value, otherValue] = [elementAt(this.values, index, 'value'), elementAt(this.values, other, 'value')]
    return value > otherValue || (Number.isNaN(value) && !Number.isNaN(otherValue))
  }

  private swap(i: number, j: number): void {
    const index = this.index(i)
    this.indices[i] = this.index(j)
    this.indices[j] = index
  }

  private index(i: number): number {
    return elementAt(this.indices, i, 'index')
  }
}
