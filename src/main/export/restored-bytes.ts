import { decodeFloat32, DTYPE_BYTES, encodeFloat32 } from '../checkpoint/dtype'
import { restoreValues, scaleValues } from '../checkpoint/restored-tensor'
import type { TensorEntry } from '../checkpoint/safetensors'
import { plannedDtypes, type PlannedTensor } from './plan'
import type { SourceFiles } from './source-files'

/** Elements that are computed at a time. A piece takes about 10 ms and 16 MiB of memory. */
const PIECE_ELEMENTS = 2 ** 20

/** Computes the bytes of a tensor that is not copied. Yields pieces, which share one buffer. */
export async function* restoredBytes(
  tensor: PlannedTensor & { restored: TensorEntry },
  sources: SourceFiles
): AsyncGenerator<Uint8Array> {
  const dtypes = plannedDtypes(tensor)
  const elementCount = tensor.post.byteLength / DTYPE_BYTES[dtypes.post]
  const size = Math.min(PIECE_ELEMENTS, elementCount)
  const values = new Float32Array(size)
  const { origin } = tensor
  // Merged and scaled tensors are computed from `restored` only, without values at post's position.
  const usesRestoredOnly = origin === 'merged' || origin === 'scaled'
  const strength = usesRestoredOnly ? 1 : tensor.strength
  const postValues = strength !== 1 ? new Float32Array(size) : null
  const sourceBytes = new Uint8Array(size * Float32Array.BYTES_PER_ELEMENT)
  const encodedBytes = new Uint8Array(size * DTYPE_BYTES[dtypes.post])

  const decode = async (
    entry: TensorEntry,
    dtype: typeof dtypes.source,
    first: number,
    into: Float32Array
  ): Promise<void> => {
    const bytes = sourceBytes.subarray(0, into.length * DTYPE_BYTES[dtype])
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
    const bytes = encodedBytes.subarray(0, count * DTYPE_BYTES[dtypes.post])
    encodeFloat32(piece, dtypes.post, bytes)
    yield bytes
  }
}
