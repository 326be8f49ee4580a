import { at } from '../../../contract/model/look-up'

/** Below so many values for each that is asked for, torch selects by partitioning, above by a heap. */
const HEAP_SHARE = 64

/**
 * Places of the `count` largest of some values, in no order. Which of equal values are among them is what torch.topk says on the CPU:
 * it selects by std::nth_element or std::partial_sort, as the GNU library has them.
 */
export function largestPlaces(values: Float32Array, count: number): Int32Array {
  const selection = new Selection(values)
  if (count * HEAP_SHARE <= values.length) selection.byHeap(0, count)
  else selection.byPartition(count - 1)
  return selection.places.subarray(0, count)
}

/** Places of values, rearranged so that the largest come first. */
class Selection {
  readonly places: Int32Array

  constructor(private readonly values: Float32Array) {
    this.places = Int32Array.from(values, (_, place) => place)
  }

  /** Introselect: partitions by the median of three until three are left, or falls back on a heap where that goes on for long. */
  byPartition(nth: number): void {
    let first = 0
    let last = this.places.length
    let depth = 2 * Math.floor(Math.log2(last))
    while (last - first > 3) {
      if (depth === 0) {
        this.byHeap(first, nth + 1 - first, last)
        this.swap(first, nth)
        return
      }
      depth--
      const cut = this.partition(first, last)
      if (cut <= nth) first = cut
      else last = cut
    }
    for (let end = first + 1; end < last; end++)
      for (let i = end; i > first && this.before(i, i - 1); i--) this.swap(i, i - 1)
  }

  /** The largest `length` of those from `first` on, as a heap whose root is the smallest of them. */
  byHeap(first: number, length: number, last = this.places.length): void {
    for (let parent = Math.floor((length - 2) / 2); parent >= 0; parent--)
      this.sift(first, length, parent, this.place(first + parent))
    for (let i = first + length; i < last; i++) {
      if (!this.before(i, first)) continue
      const place = this.place(i)
      this.places[i] = this.place(first)
      this.sift(first, length, 0, place)
    }
  }

  /** Puts a place into the hole of a heap: down to the end, and up again to where it belongs. */
  private sift(first: number, length: number, top: number, place: number): void {
    let hole = top
    let child = top
    const up = (from: number): void => {
      this.places[first + hole] = this.place(first + from)
      hole = from
    }
    while (child < Math.floor((length - 1) / 2)) {
      child = 2 * (child + 1)
      if (this.before(first + child, first + child - 1)) child--
      up(child)
    }
    if (length % 2 === 0 && child === (length - 2) / 2) up(2 * child + 1)
    for (let parent = Math.floor((hole - 1) / 2); hole > top; parent = Math.floor((hole - 1) / 2)) {
      if (!this.isLarger(this.place(first + parent), place)) break
      up(parent)
    }
    this.places[first + hole] = place
  }

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
    return this.isLarger(this.place(i), this.place(j))
  }

  /** As torch orders them: NaN is the largest. */
  private isLarger(place: number, other: number): boolean {
    const [one, two] = [at(this.values, place, 'value'), at(this.values, other, 'value')]
    return one > two || (Number.isNaN(one) && !Number.isNaN(two))
  }

  private swap(i: number, j: number): void {
    const place = this.place(i)
    this.places[i] = this.place(j)
    this.places[j] = place
  }

  private place(i: number): number {
    return at(this.places, i, 'place')
  }
}
