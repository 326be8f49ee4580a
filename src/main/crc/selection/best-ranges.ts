import type { CategoryScore } from '../../../contract/documents/crc'

/** The most diverse of the ranges that keep the validity, at most `count`, best first. */
export function bestRanges<T extends CategoryScore>(
  ranges: readonly T[],
  minimumValidity: number,
  count: number
): T[] {
  return ranges
    .filter((range) => range.validity >= minimumValidity)
    .sort((a, b) => b.diversity - a.diversity)
    .slice(0, count)
}
