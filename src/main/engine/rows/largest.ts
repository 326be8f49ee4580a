/** Lists the `count` largest values with their indices, the largest first. Of equal values, the first come first. */
export function largestValues(values: Float32Array, count: number): { index: number; value: number }[] {
  const largest: { index: number; value: number }[] = []
  let lowest = -Infinity
  values.forEach((value, index) => {
    if (largest.length >= count && value <= lowest) return
    const position = largest.findIndex((other) => other.value < value)
    largest.splice(position === -1 ? largest.length : position, 0, { index, value })
    largest.splice(count)
    lowest = largest.at(-1)?.value ?? Infinity
  })
  return largest
}
