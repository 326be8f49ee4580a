/** Adds values in their order. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** Averages values; NaN without values. */
export function mean(values: readonly number[]): number {
  return sum(values) / values.length
}

/**
 * Computes the Euclidean length. `Math.hypot` takes its values as arguments, and the stack has no room for
 * millions.
 */
export function lengthOf(values: Float32Array): number {
  let squares = 0
  for (const value of values) squares += value * value
  return Math.sqrt(squares)
}
