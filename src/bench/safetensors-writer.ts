import { open } from 'node:fs/promises'
import { elementCount } from '../main/checkpoint/dtype'

/** A bfloat16 tensor to write. */
export interface Bf16Tensor {
  readonly name: string
  readonly shape: readonly number[]
  /** Sets the values of consecutive pieces, so that no tensor is in memory as a whole. */
  readonly fill: (piece: Uint16Array) => void
  /** Number of elements that are written at the beginning. A hole follows, which reads as zeros and takes no disk. */
  readonly writtenElements?: number
}

const BF16_BYTES = 2
const PIECE_ELEMENTS = 2 ** 20

/** Writes a safetensors file: 8 bytes of header length, the JSON header padded to 8 bytes, then the tensors. */
export async function writeBf16Safetensors(
  file: string,
  tensors: readonly Bf16Tensor[],
  signal: AbortSignal
): Promise<void> {
  let end = 0
  const entries = tensors.map(({ name, shape }) => {
    const begin = end
    end += elementCount(shape) * BF16_BYTES
    return [name, { dtype: 'BF16', shape, data_offsets: [begin, end] }] as const
  })
  const json = JSON.stringify(Object.fromEntries(entries))
  const header = Buffer.from(json + ' '.repeat((8 - (Buffer.byteLength(json) % 8)) % 8))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.byteLength))

  const handle = await open(file, 'wx')
  try {
    await handle.writeFile(Buffer.concat([length, header]))
    const buffer = new Uint16Array(PIECE_ELEMENTS)
    let tensorBytes = length.byteLength + header.byteLength
    for (const { shape, fill, writtenElements } of tensors) {
      const count = elementCount(shape)
      let position = tensorBytes
      for (let left = Math.min(count, writtenElements ?? count); left > 0; left -= PIECE_ELEMENTS) {
        signal.throwIfAborted()
        const piece = buffer.subarray(0, Math.min(left, PIECE_ELEMENTS))
        fill(piece)
        await handle.write(new Uint8Array(piece.buffer, 0, piece.byteLength), 0, piece.byteLength, position)
        position += piece.byteLength
      }
      tensorBytes += count * BF16_BYTES
    }
    await handle.truncate(tensorBytes)
  } finally {
    await handle.close()
  }
}
