import { CHECKSUMS_VERSION, type ChecksumsDocument } from '../../contract/documents/checksums'
import { openCheckpoint } from '../checkpoint/checkpoint'
import { sha256OfFile } from '../checkpoint/file-sha256'
import type { BytesRead } from '../../contract/procedures/weights'

/** Hashes all weight files of a pair, base's first. */
export async function checkpointChecksums(
  folders: { base: string; post: string },
  signal: AbortSignal | undefined,
  onBytes: (progress: BytesRead) => void
): Promise<ChecksumsDocument[]> {
  const checkpoints = [await openCheckpoint(folders.base), await openCheckpoint(folders.post, folders.base)]
  const bytesTotal = checkpoints.flatMap(({ files }) => files).reduce((sum, { bytes }) => sum + bytes, 0)
  let bytesDone = 0
  const report = (bytes: number): void => {
    bytesDone += bytes
    onBytes({ type: 'progress', bytesDone, bytesTotal })
  }
  report(0)
  const documents: ChecksumsDocument[] = []
  for (const { path, fingerprint, files } of checkpoints) {
    const hashed: ChecksumsDocument['files'] = []
    for (const { path: file, name, bytes, modifiedMs } of files) {
      hashed.push({ name, bytes, modifiedMs, sha256: await sha256OfFile(file, signal, report) })
    }
    documents.push({
      schemaVersion: CHECKSUMS_VERSION,
      createdAt: new Date().toISOString(),
      path,
      fingerprint,
      files: hashed
    })
  }
  return documents
}
