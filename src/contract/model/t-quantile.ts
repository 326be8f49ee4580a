/** The standard normal quantile at 0.975, the upper end of a 95 % interval. */
export const NORMAL_QUANTILE = 1.959963984540054

/** Returns Student's t at 0.975, by its expansion around the normal (Abramowitz and Stegun 1964, 26.7.5). */
export function tQuantile(freedom: number): number {
  const z = NORMAL_QUANTILE
  const terms = [
    z,
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160
  ]
  return terms.reduce((sum, term, power) => sum + term / freedom ** power, 0)
}
