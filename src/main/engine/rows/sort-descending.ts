/* Indices below are not checked, because these loops go over the whole vocabulary. They stay within the arrays. */

/** Values of a digit of the radix sort: a byte. */
const RADIX = 256

/** Arrays as long as the largest vocabulary so far. */
let scratch = scratchOf(0)
const starts = new Uint32Array(4 * RADIX)

function scratchOf(length: number): { readonly keys: Uint32Array; readonly sortedKeys: Uint32Array } {
  return { keys: new Uint32Array(length), sortedKeys: new Uint32Array(length) }
}

/** Returns the values in descending order, with NaN first, by a radix sort. */
export function sortDescending(values: Float32Array): Float32Array {
  const { length } = values
  if (scratch.keys.length < length) scratch = scratchOf(length)
  const { keys, sortedKeys } = scratch
  const result = values.slice()
  const bits = new Uint32Array(result.buffer)
  starts.fill(0)
  for (let i = 0; i < length; i++) {
    const word = bits[i] ?? 0
    // Descending floats get ascending keys: bits below the sign are inverted in positive numbers, and NaN is first.
    const key = Number.isNaN(result[i]) ? 0 : word >>> 31 === 0 ? ~word & 0x7fffffff : word
    keys[i] = key
    for (let digit = 0; digit < 4; digit++) {
      const bucket = digit * RADIX + ((key >>> (8 * digit)) & (RADIX - 1))
      starts[bucket] = (starts[bucket] ?? 0) + 1
    }
  }
  for (const digit of [0, 2]) {
    sortByDigit(keys, sortedKeys, length, digit)
    sortByDigit(sortedKeys, keys, length, digit + 1)
  }
  for (let i = 0; i < length; i++) {
    const key = keys[i] ?? 0
    bits[i] = key >>> 31 === 0 ? ~key & 0x7fffffff : key
  }
  return result
}

/** Sorts keys by one byte, stably. `starts` contains the number of keys with each value of the byte. */
function sortByDigit(source: Uint32Array, target: Uint32Array, length: number, digit: number): void {
  let start = 0
  for (let bucket = digit * RADIX; bucket < (digit + 1) * RADIX; bucket++) {
    const count = starts[bucket] ?? 0
    starts[bucket] = start
    start += count
  }
  for (let i = 0; i < length; i++) {
    const key = source[i] ?? 0
    const bucket = digit * RADIX + ((key >>> (8 * digit)) & (RADIX - 1))
    const index = starts[bucket] ?? 0
    target[index] = key
    starts[bucket] = index + 1
  }
}
