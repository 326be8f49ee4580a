import type { NonFiniteTensor, PairValues } from '../../contract/documents/non-finite'
import { type Checkpoint, openCheckpoint } from '../checkpoint/checkpoint'
import { isWeightDtype } from '../checkpoint/dtype'
import { nonFiniteValues } from '../checkpoint/non-finite'
import type { TensorEntry } from '../checkpoint/safetensors'
import { openWeightReader } from '../checkpoint/weight-reader'
import type { BytesRead } from '../../contract/procedures/weights'
import { throwIfCancelled } from '../base/files/cancelling'

/** Reads all weights of a pair in constant memory, and lists the tensors with NaN or infinity. */
export async function pairValues(
  folders: { base: string; post: string },
  signal: AbortSignal | undefined,
  onBytes: (progress: BytesRead) => void
): Promise<PairValues> {
  const [base, post] = [await openCheckpoint(folders.base), await openCheckpoint(folders.post, folders.base)]
  const bytesTotal = [base, post].flatMap(floatTensors).reduce((sum, [, { byteLength }]) => sum + byteLength, 0)
  let bytesDone = 0
  const report = (bytes: number): void => {
    throwIfCancelled(signal, 'The check of values')
    bytesDone += bytes
    onBytes({ type: 'progress', bytesDone, bytesTotal })
  }
  report(0)
  const [inBase, inPost] = [await checkpointValues(base, report), await checkpointValues(post, report)]
  return { base: inBase.found, post: inPost.found, bytesRead: inBase.bytesRead + inPost.bytesRead }
}

/** Lists the floating-point tensors of a checkpoint in the order of their bytes in the files. */
function floatTensors({ tensors }: Checkpoint): [string, TensorEntry][] {
  return [...tensors]
    .filter(([, { dtype }]) => isWeightDtype(dtype))
    .sort(([, a], [, b]) => a.file.localeCompare(b.file, 'en') || a.offset - b.offset)
}

/** Lists the tensors of one checkpoint that have NaN or infinity. */
async function checkpointValues(
  checkpoint: Checkpoint,
  onBytes: (bytes: number) => void
): Promise<{ found: NonFiniteTensor[]; bytesRead: number }> {
  const reader = openWeightReader(checkpoint)
  const tensors: NonFiniteTensor[] = []
  try {
    for (const [name, entry] of floatTensors(checkpoint)) {
      const tensor = await nonFiniteValues(reader, name, entry, onBytes)
      if (tensor !== null) tensors.push(tensor)
    }
    return { found: tensors, bytesRead: reader.bytesRead }
  } finally {
    await reader.close()
  }
}
