import { openRegularFile } from './regular-file'

const HEAD_BYTES = 4096

/** Reads the beginning of a file, one character for each of at most 4096 bytes. */
export async function readHead(path: string): Promise<string> {
  const file = await openRegularFile(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}
