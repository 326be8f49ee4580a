import { createHash } from 'node:crypto'
import { fileError } from '../../contract/model/problem'
import { readProblem } from '../base/files/bounded-file'
import { fileState, openWeightFile } from './weight-file'
import { throwIfCancelled } from '../base/files/cancelling'

/** Bytes of a read: large enough for speed, and small enough that hashing them does not block the process. */
const PIECE_BYTES = 2 ** 20

/**
 * Computes the SHA-256 of a whole file in constant memory.
 *
 * @param onBytes called with the number of bytes of every piece
 * @throws WorkbenchError `bad-file` if the file cannot be read or changes meanwhile; `cancelled`
 */
export async function sha256OfFile(
  file: string,
  signal?: AbortSignal,
  onBytes: (bytes: number) => void = () => undefined
): Promise<string> {
  const handle = await openWeightFile(file)
  try {
    const before = await fileState(handle)
    const hash = createHash('sha256')
    // One buffer is hashed while the other is filled.
    const buffers = [Buffer.allocUnsafe(PIECE_BYTES), Buffer.allocUnsafe(PIECE_BYTES)] as const
    const read = async (piece: number, position: number): Promise<Buffer> => {
      const buffer = buffers[piece % 2 === 0 ? 0 : 1]
      const { bytesRead } = await handle.read(buffer, 0, PIECE_BYTES, position)
      return buffer.subarray(0, bytesRead)
    }
    let position = 0
    let piece = 0
    let reading = read(piece, position)
    for (;;) {
      const bytes = await reading
      throwIfCancelled(signal, 'The checksum')
      if (bytes.byteLength === 0) break
      position += bytes.byteLength
      reading = read(++piece, position)
      hash.update(bytes)
      onBytes(bytes.byteLength)
    }
    const after = await fileState(handle)
    if (position !== before.bytes || after.bytes !== before.bytes || after.modifiedMs !== before.modifiedMs) {
      throw fileError(`${file} changed while it was read.`, 'Wait until whatever writes it is done, then start again.')
    }
    return hash.digest('hex')
  } catch (error) {
    throw readProblem(file, error)
  } finally {
    await handle.close()
  }
}
