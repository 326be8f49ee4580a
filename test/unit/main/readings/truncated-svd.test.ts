import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MatrixProducts, type StoredMatrix } from '../../../../src/main/readings/matrix-products'
import { type LowRankFactors, truncatedSvd } from '../../../../src/main/readings/truncated-svd'

let products: MatrixProducts
beforeAll(async () => void (products = await MatrixProducts.open()))
afterAll(() => products.close())

const random = xoroshiro128plus(7)

function randomMatrix(rows: number, columns: number): StoredMatrix {
  const values = Float32Array.from({ length: rows * columns }, () => uniformFloat64(random) - 0.5)
  return { rows, columns, values }
}

/** Computes the norm of what the factors miss of a matrix, as a share of its norm. */
function missingShare({ rows, columns, values }: StoredMatrix, { left, right }: LowRankFactors): number {
  const [u, v] = [left, right].map(
    (part) =>
      new Matrix(
        Array.from({ length: part.rows }, (_, k) => part.values.subarray(k * part.columns, (k + 1) * part.columns))
      )
  )
  if (u === undefined || v === undefined) throw new Error('a factor is missing')
  const original = new Matrix(
    Array.from({ length: rows }, (_, row) => values.subarray(row * columns, (row + 1) * columns))
  )
  return Matrix.sub(original, u.transpose().mmul(v)).norm() / original.norm()
}

describe('a truncated singular value decomposition', () => {
  it.each([
    ['wide', 24, 40],
    ['tall', 40, 24]
  ])('has the singular values of a reference, and misses what they say: %s', async (_, rows, columns) => {
    const matrix = randomMatrix(rows, columns)
    const dense = new Matrix(
      Array.from({ length: rows }, (__, row) => matrix.values.subarray(row * columns, (row + 1) * columns))
    )
    const reference = new SingularValueDecomposition(dense, { autoTranspose: true }).diagonal
    const factors = await truncatedSvd(products, matrix, 10)
    for (const [k, value] of factors.singularValues.entries()) expect(value).toBeCloseTo(reference[k] ?? NaN, 4)
    const squares = reference.map((value) => value ** 2)
    const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0)
    expect(missingShare(matrix, factors)).toBeCloseTo(Math.sqrt(sum(squares.slice(10)) / sum(squares)), 4)
  })

  it('is the matrix itself at full rank, and has no more directions than that', async () => {
    const matrix = randomMatrix(20, 12)
    const factors = await truncatedSvd(products, matrix, 64)
    expect(factors.left.rows).toBe(12)
    expect(missingShare(matrix, factors)).toBeLessThan(1e-6)
  })

  it('is found by search in a large matrix: a few strong directions in noise, or a low rank', async () => {
    const [strong, across] = [randomMatrix(600, 8), randomMatrix(8, 700)]
    const lowRank = await products.multiply(strong, across, 'none')
    const exact = await truncatedSvd(products, lowRank, 16)
    expect(missingShare(lowRank, exact)).toBeLessThan(1e-5)
    const noise = randomMatrix(600, 700)
    const noisy = {
      ...lowRank,
      values: lowRank.values.map((value, i) => value + 0.1 * (noise.values[i] ?? NaN))
    }
    const searched = await truncatedSvd(products, noisy, 8)
    // The best approximation of this rank misses 0.1 of noise, less what lies in the 8 directions.
    const best = (0.1 * Math.sqrt(1 / 12)) / Math.sqrt(8 / 144 + 0.01 / 12)
    expect(missingShare(noisy, searched)).toBeLessThan(1.02 * best)
  })

  it('leaves a matrix of zeros zero', async () => {
    const { left, right, singularValues } = await truncatedSvd(
      products,
      { rows: 3, columns: 4, values: new Float32Array(12) },
      2
    )
    expect([...left.values, ...right.values, ...singularValues].every((value) => value === 0)).toBe(true)
  })
})
