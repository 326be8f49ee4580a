/** @param values at least one */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The exponent e of the power law y ~ x^e that fits best: the least-squares slope of log y over log x. */
export function fittedExponent(x: readonly number[], y: readonly number[]): number {
  const logX = x.map(Math.log)
  const logY = y.map(Math.log)
  const [meanX, meanY] = [mean(logX), mean(logY)]
  const covariance = logX.reduce((sum, value, i) => sum + (value - meanX) * ((logY[i] ?? NaN) - meanY), 0)
  const variance = logX.reduce((sum, value) => sum + (value - meanX) ** 2, 0)
  return covariance / variance
}
