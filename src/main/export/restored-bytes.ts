import { decodeFloat32, DTYPE_BYTES, encodeFloat32 } from '../checkpoint/dtype'
import { restoreValues, scaleValues } from '../checkpoint/restored-tensor'
import type { TensorEntry } from '../checkpoint/safetensors'
import { plannedDtypes, type PlannedTensor } from './plan'
import type { SourceFiles } from './source-files'

/** Elements computed at a time. A piece takes about 10 ms and 16 MiB of memory. */
const PIECE_ELEMENTS = 2 ** 20

/**
 * Yields the stored bytes of a converted, blended, merged or scaled tensor in pieces. The next piece overwrites
 * the last.
 */
export async function* restoredBytes(
  tensor: PlannedTensor & { restored: TensorEntry },
  sources: SourceFiles
): AsyncGenerator<Uint8Array> {
  const dtypes = plannedDtypes(tensor)
  const elementCount = tensor.post.byteLength / DTYPE_BYTES[dtypes.post]
  const size = Math.min(PIECE_ELEMENTS, elementCount)
  const values = new Float32Array(size)
  const { origin } = tensor
  const isAlone = origin === 'merged' || origin === 'scaled'
  const strength = isAlone ? 1 : tensor.strength
  const postValues = strength !== 1 ? new Float32Array(size) : null
  const read = new Uint8Array(size * Float32Array.BYTES_PER_ELEMENT)
  const target = new Uint8Array(size * DTYPE_BYTES[dtypes.post])

  const decode = async (
    entry: TensorEntry,
    dtype: typeof dtypes.source,
    first: number,
    into: Float32Array
  ): Promise<void> => {
    const bytes = read.subarray(0, into.length * DTYPE_BYTES[dtype])
    await sources.readElements(entry, first, bytes)
    decodeFloat32(bytes, dtype, into)
  }

  for (let first = 0; first < elementCount; first += size) {
    const count = Math.min(size, elementCount - first)
    const piece = values.subarray(0, count)
    const postPiece = postValues?.subarray(0, count) ?? null
    await decode(tensor.restored, dtypes.source, first, piece)
    if (postPiece !== null) await decode(tensor.post, dtypes.post, first, postPiece)
    if (origin === 'scaled') scaleValues(piece, 1 - tensor.strength, dtypes.post)
    else restoreValues(piece, postPiece, strength, dtypes)
    const bytes = target.subarray(0, count * DTYPE_BYTES[dtypes.post])
    encodeFloat32(piece, dtypes.post, bytes)
    yield bytes
  }
}
