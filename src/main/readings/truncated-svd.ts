import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { elementAt } from '../../contract/model/look-up'
import type { MatrixProducts, StoredMatrix } from './matrix-products'

/** A matrix whose shorter side has at most this size is decomposed exactly. */
const EXACT_SIZE = 512
/** Number of directions that the randomised search follows beyond the requested rank. */
const OVERSAMPLING = 16
/** Each product with the matrix and its transpose brings the searched space closer to the leading directions. */
const POWER_ITERATIONS = 2
const SEED = 1
/** Directions below this share of the largest eigenvalue are noise of float64. */
const NOISE = 1e-14

/**
 * The leading part of a singular value decomposition: the sum over k of left[k] · right[k]ᵀ. Both vectors are
 * multiplied by the square root of their singular value.
 */
export interface LowRankFactors {
  /** [rank, rows of the matrix], the largest singular value first. */
  readonly left: StoredMatrix
  /** [rank, columns of the matrix] */
  readonly right: StoredMatrix
  /** Singular values, the largest first. */
  readonly singularValues: readonly number[]
}

/**
 * Decomposes a matrix up to a rank, exactly if a side is short, else by a randomised search (Halko, Martinsson and
 * Tropp 2011, algorithm 4.4).
 *
 * @returns `rank` directions, or as many as the shorter side has
 */
export async function truncatedSvd(
  products: MatrixProducts,
  matrix: StoredMatrix,
  rank: number
): Promise<LowRankFactors> {
  const { rows, columns } = matrix
  const isWide = rows <= columns
  const size = Math.min(rows, columns)
  const count = Math.min(rank, size)
  // Rows of `short` have the length of the matrix's shorter side, and rows of `long` that of its longer side.
  const toShort = (long: StoredMatrix) => products.multiply(long, matrix, isWide ? 'right' : 'none')
  const toLong = (short: StoredMatrix) => products.multiply(short, matrix, isWide ? 'none' : 'right')
  const width = count + OVERSAMPLING
  let short: StoredMatrix | null = null
  let long = matrix
  let gram: StoredMatrix<Float64Array>
  if (size <= EXACT_SIZE || width >= size) {
    gram = await products.gram(matrix, isWide ? 'rows' : 'columns')
  } else {
    let searchSpace = await toShort(randomMatrix(width, Math.max(rows, columns)))
    for (let done = 0; done < POWER_ITERATIONS; done++) {
      const longSpace = await toLong(await orthonormalRows(products, searchSpace))
      searchSpace = await toShort(await orthonormalRows(products, longSpace))
    }
    // A second pass removes the error that the first one leaves between nearly parallel rows.
    short = await orthonormalRows(products, await orthonormalRows(products, searchSpace))
    long = await toLong(short)
    gram = await products.gram(long, 'rows')
  }
  const { vectors, values } = eigenRows(gram, Math.min(count, gram.rows))
  const leading = { rows: values.length, columns: gram.rows, values: Float32Array.from(vectors) }
  const ofShort = short === null ? leading : await products.multiply(leading, short, 'none')
  const ofLong = short === null ? await toLong(leading) : await products.multiply(leading, long, 'none')
  const singularValues = shareRoots(ofShort, ofLong)
  return {
    left: isWide ? ofShort : ofLong,
    right: isWide ? ofLong : ofShort,
    singularValues
  }
}

/**
 * Divides each singular value, the length of a row of `long`, between `long` and `short`: both rows get the length of
 * its square root. Changes the matrices in place.
 *
 * @returns the singular values
 */
function shareRoots(short: StoredMatrix, long: StoredMatrix): number[] {
  return Array.from({ length: long.rows }, (_, row) => {
    const [inShort, inLong] = [short, long].map(({ values, columns }) =>
      values.subarray(row * columns, (row + 1) * columns)
    )
    if (inShort === undefined || inLong === undefined) throw new Error('a direction without a row')
    const value = Math.sqrt(inLong.reduce((sum, entry) => sum + entry * entry, 0))
    const root = Math.sqrt(value)
    for (const [i, entry] of inShort.entries()) inShort[i] = entry * root
    for (const [i, entry] of inLong.entries()) inLong[i] = root === 0 ? 0 : entry / root
    return value
  })
}

/** Returns orthonormal rows that span the same space as the rows of a matrix, without directions that are noise. */
async function orthonormalRows(products: MatrixProducts, matrix: StoredMatrix): Promise<StoredMatrix> {
  const { vectors, values } = eigenRows(await products.gram(matrix, 'rows'), matrix.rows)
  const largest = Math.max(...values)
  const eigenvalues = values.filter((value) => value > 0 && value > NOISE * largest)
  const mixing = vectors
    .slice(0, eigenvalues.length * matrix.rows)
    .map((entry, i) => entry / Math.sqrt(elementAt(eigenvalues, Math.floor(i / matrix.rows), 'eigenvalue')))
  const rows = { rows: eigenvalues.length, columns: matrix.rows, values: Float32Array.from(mixing) }
  return products.multiply(rows, matrix, 'none')
}

/** Returns the leading eigenvectors of a symmetric matrix as rows, the largest eigenvalue first. */
function eigenRows(
  { rows: size, values: entries }: StoredMatrix<Float64Array>,
  count: number
): { vectors: Float64Array; values: number[] } {
  const rows = Array.from({ length: size }, (_, row) => entries.subarray(row * size, (row + 1) * size))
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(rows), {
    assumeSymmetric: true
  })
  const vectors = new Float64Array(count * size)
  // The library sorts eigenvalues in ascending order.
  for (let k = 0; k < count; k++) vectors.set(eigenvectorMatrix.getColumn(size - 1 - k), k * size)
  return { vectors, values: realEigenvalues.toReversed().slice(0, count) }
}

/** Returns a matrix of random numbers from -1 to 1, the same in every run. */
function randomMatrix(rows: number, columns: number): StoredMatrix {
  const random = xoroshiro128plus(SEED)
  const values = Float32Array.from({ length: rows * columns }, () => 2 * uniformFloat64(random) - 1)
  return { rows, columns, values }
}
