import { gzip } from 'pako'

/**
 * Compression ratio (Shaib et al. 2024, "Standardizing the Measurement of Text Diversity", arXiv 2403.00553): bytes of all
 * answers together over their bytes after gzip; higher is more repetitive. It grows with the amount of text, so compare
 * cells of the same size only. Compressed by a port of zlib of a pinned version, since Node's own differs from platform to
 * platform; the reference sets come out as with Python's gzip, byte for byte.
 *
 * @returns null when there is no text
 */
export function compressionRatio(texts: readonly string[]): number | null {
  const bytes = Buffer.from(texts.join(' '))
  return texts.join('') === '' ? null : bytes.byteLength / gzip(bytes, { level: 9 }).byteLength
}
