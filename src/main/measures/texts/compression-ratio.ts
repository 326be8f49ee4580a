import { gzip } from 'pako'

/**
 * Computes the compression ratio (Shaib et al. 2024, "Standardizing the Measurement of Text Diversity", arXiv
 * 2403.00553): bytes of all answers together divided by their bytes after gzip. Higher is more repetitive. It
 * grows with the amount of text, so compare only cells of the same size. A pinned port of zlib compresses,
 * because Node's own differs between platforms. On the reference sets it equals Python's gzip byte for byte.
 *
 * @returns null if there is no text
 */
export function compressionRatio(texts: readonly string[]): number | null {
  const bytes = Buffer.from(texts.join(' '))
  return texts.join('') === '' ? null : bytes.byteLength / gzip(bytes, { level: 9 }).byteLength
}
