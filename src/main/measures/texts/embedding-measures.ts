import { EigenvalueDecomposition, Matrix } from 'ml-matrix'

/**
 * Computes the mean cosine distance 1 - cos, from 0 to 2, over all pairs of answers. A zero vector counts as
 * orthogonal.
 * @param embeddings one vector per answer
 * @returns null for fewer than two answers
 */
export function meanCosineDistance(embeddings: readonly Float32Array[]): number | null {
  const count = embeddings.length
  if (count < 2) return null
  const units = embeddings.map(unitVector)
  const sum = new Float64Array(units[0]?.length ?? 0)
  let selfProducts = 0
  for (const unit of units) {
    for (const [i, value] of unit.entries()) {
      sum[i] = (sum[i] ?? 0) + value
      selfProducts += value * value
    }
  }
  // The squared length of the sum of all u is the sum of all products u.v. Products of a vector with itself are
  // removed.
  const products = sum.reduce((total, value) => total + value * value, 0) - selfProducts
  return Math.max(0, 1 - products / (count * (count - 1)))
}

/**
 * Computes the Vendi score (Friedman and Dieng 2023, arXiv 2210.02410), the effective number of different answers. It
 * is exp of the entropy of the eigenvalues of K / n, where K is the matrix of cosine similarities. It is 1 if all
 * answers are equal and n if all are orthogonal. The time grows with the cube of n.
 * @param embeddings one vector for each of n answers
 * @returns null without answers
 */
export function vendiScore(embeddings: readonly Float32Array[]): number | null {
  const count = embeddings.length
  if (count === 0) return null
  const units = embeddings.map((embedding) => {
    const unit = unitVector(embedding)
    // A zero vector is similar only to itself.
    return unit.some((value) => value !== 0) ? unit : null
  })
  const similarities = new Matrix(count, count)
  for (const [row, a] of units.entries()) {
    for (const [column, b] of units.entries()) {
      const similarity = row === column ? 1 : a === null || b === null ? 0 : dot(a, b)
      similarities.set(row, column, similarity / count)
    }
  }
  const eigenvalues = new EigenvalueDecomposition(similarities, { assumeSymmetric: true }).realEigenvalues
  const entropy = eigenvalues.filter((value) => value > 1e-12).reduce((sum, value) => sum - value * Math.log(value), 0)
  return Math.min(count, Math.max(1, Math.exp(entropy)))
}

function unitVector(vector: Float32Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector))
  return Float64Array.from(vector, (value) => (length === 0 ? 0 : value / length))
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0)
  return sum
}
