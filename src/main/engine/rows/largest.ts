/**
 * Lists the `count` largest values with their indices, the largest first. Of equal values, the first come first. NaN
 * counts as the largest, so that a result that uses a selected value shows it.
 */
export function largestValues(values: Float32Array, count: number): { index: number; value: number }[] {
  const largest: { index: number; value: number }[] = []
  let lowest = -Infinity
  values.forEach((value, index) => {
    if (largest.length >= count && value <= lowest) return
    const position = largest.findIndex(
      (other) => other.value < value || (Number.isNaN(value) && !Number.isNaN(other.value))
    )
    largest.splice(position === -1 ? largest.length : position, 0, { index, value })
    largest.splice(count)
    lowest = largest.at(-1)?.value ?? Infinity
  })
  return largest
}
