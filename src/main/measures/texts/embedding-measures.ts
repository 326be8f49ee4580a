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
 * answers are equal and n if all are orthogonal. The time grows with the cube of the number of distinct vectors.
 * @param embeddings one vector for each of n answers, the same object for equal ones
 * @returns null without answers
 */
export function vendiScore(embeddings: readonly Float32Array[]): number | null {
  const count = embeddings.length
  if (count === 0) return null
  const distinct = [...occurrences(embeddings)].flatMap(([embedding, times]) => {
    const unit = unitVector(embedding)
    // A zero vector is not even similar to its copies.
    return dot(unit, unit) > 0 ? [{ unit, times }] : Array.from({ length: times }, () => ({ unit, times: 1 }))
  })
  // The same eigenvalues as those of K / n, except for zeros: an eigenvector of K has equal elements for equal answers.
  const similarities = new Matrix(distinct.length, distinct.length)
  for (const [row, a] of distinct.entries()) {
    similarities.set(row, row, a.times / count)
    for (const [column, b] of distinct.slice(0, row).entries()) {
      const similarity = (Math.sqrt(a.times * b.times) * dot(a.unit, b.unit)) / count
      similarities.set(row, column, similarity)
      similarities.set(column, row, similarity)
    }
  }
  const eigenvalues = new EigenvalueDecomposition(similarities, { assumeSymmetric: true }).realEigenvalues
  const entropy = eigenvalues.filter((value) => value > 1e-12).reduce((sum, value) => sum - value * Math.log(value), 0)
  return Math.min(count, Math.max(1, Math.exp(entropy)))
}

/** Counts how often each vector is in a list. Vectors are compared as objects. */
export function occurrences(vectors: readonly Float32Array[]): Map<Float32Array, number> {
  const times = new Map<Float32Array, number>()
  for (const vector of vectors) times.set(vector, (times.get(vector) ?? 0) + 1)
  return times
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
