import { EigenvalueDecomposition, Matrix, QrDecomposition } from 'ml-matrix'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { occurrences } from './embedding-measures'

/** Vectors projected on a plane, to draw answers with similar embeddings close together. */
interface PlaneMap {
  points: { x: number; y: number }[]
  /** Share of the variance along x and along y. */
  explained: [number, number]
}

/** Number of directions that are iterated together. Two are needed, and more make the iteration converge faster. */
const DIRECTIONS = 8
const MAX_ITERATIONS = 60
/** The iteration ends when both variances change by a smaller share than this. */
const TOLERANCE = 1e-9
const SEED = 1

/**
 * Projects vectors on their first two principal components (Pearson 1901), by subspace iteration (Rutishauser 1970)
 * from a fixed start. To fix the signs, the point that is farthest from zero along an axis gets a positive coordinate.
 * @param vectors one per answer, all of one length, the same object for equal ones
 */
export function planeMap(vectors: readonly Float32Array[]): PlaneMap {
  if (vectors.length < 2) return { points: vectors.map(() => ({ x: 0, y: 0 })), explained: [0, 0] }
  const times = occurrences(vectors)
  const roots = Array.from(times.values(), Math.sqrt)
  const centred = weightedAndCentred([...times.keys()], roots, vectors.length)
  const total = centred.norm('frobenius') ** 2
  const { variances, directions } = leadingDirections(centred)
  const axis = (rank: number): { scores: number[]; share: number } => {
    const variance = variances[rank] ?? 0
    // No variance is left if all points lie on a line or coincide.
    if (!(variance > 1e-12 * total)) return { scores: roots.map(() => 0), share: 0 }
    const direction = directions.getColumn(rank).map((value, i) => value / elementAt(roots, i, 'root'))
    const farthest = direction.reduce((far, value) => (Math.abs(value) > Math.abs(far) ? value : far), 0)
    const scale = Math.sign(farthest) * Math.sqrt(variance)
    return { scores: direction.map((value) => value * scale), share: variance / total }
  }
  const [x, y] = [axis(0), axis(1)]
  const point = (i: number): PlaneMap['points'][number] => ({
    x: elementAt(x.scores, i, 'point'),
    y: elementAt(y.scores, i, 'point')
  })
  const points = new Map([...times.keys()].map((vector, i) => [vector, point(i)]))
  return { points: vectors.map((vector) => mapGet(points, vector, 'vector')), explained: [x.share, y.share] }
}

/**
 * Subtracts the mean of all answers, and multiplies each vector by the root of how often it occurs. The variances are
 * then those of all answers.
 * @returns one row for each distinct vector
 */
function weightedAndCentred(distinct: readonly Float32Array[], roots: readonly number[], count: number): Matrix {
  const rows = new Matrix(distinct.map((vector) => Array.from(vector)))
  const shares = Matrix.rowVector(roots.map((root) => root ** 2 / count))
  return rows.subRowVector(shares.mmul(rows)).mulColumnVector([...roots])
}

/**
 * Computes the largest eigenvalues of X X', descending, and their eigenvectors.
 * @param centred X as [rows, length]
 * @returns directions as [rows, count of eigenvalues]
 */
function leadingDirections(centred: Matrix): { variances: number[]; directions: Matrix } {
  const random = xoroshiro128plus(SEED)
  const count = Math.min(DIRECTIONS, centred.rows)
  let basis = new QrDecomposition(
    new Matrix(Array.from({ length: centred.rows }, () => Array.from({ length: count }, () => uniformFloat64(random))))
  ).orthogonalMatrix
  const transposed = centred.transpose()
  let previous: number[] = []
  for (let iteration = 0; ; iteration++) {
    const projected = transposed.mmul(basis)
    const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(projected.transpose().mmul(projected), {
      assumeSymmetric: true
    })
    // Eigenvalues come in ascending order.
    const order = Array.from({ length: count }, (_, rank) => count - 1 - rank)
    const variances = order.map((column) => realEigenvalues[column] ?? 0)
    const isSettled = [0, 1].every(
      (rank) => Math.abs((variances[rank] ?? 0) - (previous[rank] ?? NaN)) <= TOLERANCE * (variances[0] ?? 0)
    )
    if (isSettled || iteration === MAX_ITERATIONS) {
      return { variances, directions: basis.mmul(eigenvectorMatrix.subMatrixColumn(order)) }
    }
    previous = variances
    basis = new QrDecomposition(centred.mmul(projected)).orthogonalMatrix
  }
}
