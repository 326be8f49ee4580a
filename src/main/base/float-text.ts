/** Encodes float32 values as base64 of their little-endian bytes. */
export function floatsToText(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64')
}

/** Decodes text of `floatsToText`. @throws RangeError if its bytes are no multiple of four */
export function textToFloats(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.byteLength % Float32Array.BYTES_PER_ELEMENT !== 0) throw new RangeError('not whole float32 values')
  const values = new Float32Array(bytes.byteLength / Float32Array.BYTES_PER_ELEMENT)
  new Uint8Array(values.buffer).set(bytes)
  return values
}
