import { EigenvalueDecomposition, Matrix } from 'ml-matrix'

/** Points in the plane that shows most of how they differ. */
export interface PlaneMap {
  points: { x: number; y: number }[]
  /** Share of the variance along x and along y. */
  explained: [number, number]
}

/**
 * First two principal components (Pearson 1901), by the eigenvectors of all products of two centred vectors. Signs are
 * arbitrary in the mathematics and fixed here: the point farthest out along an axis lies on its positive side.
 *
 * @param vectors one per answer, all of one length; time grows with the cube of their number
 */
export function planeMap(vectors: readonly Float32Array[]): PlaneMap {
  if (vectors.length < 2) return { points: vectors.map(() => ({ x: 0, y: 0 })), explained: [0, 0] }
  const centred = new Matrix(vectors.map((vector) => Array.from(vector))).center('column')
  const products = centred.mmul(centred.transpose())
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(products, {
    assumeSymmetric: true
  })
  const total = products.trace()
  const axis = (rank: number): { scores: number[]; share: number } => {
    // Eigenvalues come in ascending order.
    const column = vectors.length - 1 - rank
    const variance = realEigenvalues[column] ?? 0
    // Nothing is left once all points lie on a line, or in one place.
    if (!(variance > 1e-12 * total)) return { scores: vectors.map(() => 0), share: 0 }
    const direction = eigenvectorMatrix.getColumn(column)
    const farthest = direction.reduce((far, value) => (Math.abs(value) > Math.abs(far) ? value : far), 0)
    const scale = Math.sign(farthest) * Math.sqrt(variance)
    return { scores: direction.map((value) => value * scale), share: variance / total }
  }
  const [x, y] = [axis(0), axis(1)]
  return {
    points: vectors.map((_, i) => ({ x: x.scores[i] ?? 0, y: y.scores[i] ?? 0 })),
    explained: [x.share, y.share]
  }
}
