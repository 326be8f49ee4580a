import { gzipSync } from 'node:zlib'

/**
 * Compression ratio (Shaib et al. 2024, "Standardizing the Measurement of Text Diversity", arXiv 2403.00553): bytes of all
 * answers together over their bytes after gzip; higher is more repetitive. It grows with the amount of text, so compare
 * cells of the same size only. Other versions of zlib may differ in the last digits.
 *
 * @returns null when there is no text
 */
export function compressionRatio(texts: readonly string[]): number | null {
  const bytes = Buffer.from(texts.join(' '))
  return texts.join('') === '' ? null : bytes.byteLength / gzipSync(bytes, { level: 9 }).byteLength
}
