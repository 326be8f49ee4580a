/* Matrices as flat arrays, row after row. */

/** Returns row `i` of a matrix with rows of `size` numbers, without a copy. */
export function rowAt(matrix: Float32Array, i: number, size: number): Float32Array {
  return matrix.subarray(i * size, (i + 1) * size)
}

/** Copies numbers of one array into another. For some hundred numbers this is faster than `set` of a subarray. */
export function copyNumbers(
  source: Float32Array,
  first: number,
  target: Float32Array,
  start: number,
  count: number
): void {
  // Indices are not checked, because every number of every token passes here.
  for (let i = 0; i < count; i++) target[start + i] = source[first + i] ?? NaN
}

/** Copies rows into one matrix, also a single row. */
export const joinRows = (rows: readonly Float32Array[]): Float32Array =>
  concatenate(rows, (length) => new Float32Array(length))

/** Writes `part` into the columns `first` .. `first + count - 1` of a matrix with rows of `size`. */
export function setColumns(
  matrix: Float32Array,
  size: number,
  part: Float32Array,
  { first, count }: { readonly first: number; readonly count: number }
): void {
  for (let row = 0; row * count < part.length; row++) {
    matrix.set(rowAt(part, row, count), row * size + first)
  }
}

/** Concatenates arrays. A single array is returned itself, without a copy. */
export function joinArrays(arrays: readonly Float32Array[]): Float32Array {
  const [only] = arrays
  if (only !== undefined && arrays.length === 1) return only
  return joinRows(arrays)
}

/** Concatenates numbers in double precision. */
export function joinNumbers(parts: readonly ArrayLike<number>[]): Float64Array {
  return concatenate(parts, (length) => new Float64Array(length))
}

function concatenate<Joined extends Float32Array | Float64Array>(
  parts: readonly ArrayLike<number>[],
  empty: (length: number) => Joined
): Joined {
  const joined = empty(parts.reduce((sum, { length }) => sum + length, 0))
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}
