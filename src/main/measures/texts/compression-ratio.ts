import { gzip } from 'pako'

/**
 * Computes the compression ratio (Shaib et al. 2024, arXiv 2403.00553): bytes of all answers divided by their bytes
 * after gzip. Repetitive answers have a high ratio. It is comparable for equally many answers. pako is used because it
 * compresses to the same bytes on all platforms.
 * @returns null if there is no text
 */
export function compressionRatio(texts: readonly string[]): number | null {
  const bytes = Buffer.from(texts.join(' '))
  return texts.join('') === '' ? null : bytes.byteLength / gzip(bytes, { level: 9 }).byteLength
}
