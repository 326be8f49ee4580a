import type * as ort from 'onnxruntime-node'
import { formatMemory } from '../../../contract/model/bytes'
import { defaultMemoryBytes } from '../../base/engine-memory'
import { openModelFile } from '../device/device'

/** Milliseconds between two checks of the memory of the process. */
const CHECK_MS = 100

/**
 * Opens an ONNX model, and ends this process if its memory exceeds a limit. onnxruntime itself has none.
 *
 * @param end called above the limit
 */
export async function openWatchedModelFile(
  file: string,
  limitBytes = defaultMemoryBytes(),
  end: () => void = () => process.exit(1)
): Promise<{ session: ort.InferenceSession; release: () => Promise<void> }> {
  const timer = setInterval(() => {
    if (process.memoryUsage.rss() <= limitBytes) return
    clearInterval(timer)
    console.error(`${file} takes more than ${formatMemory(limitBytes)} of memory`)
    end()
  }, CHECK_MS)
  try {
    const session = await openModelFile(file)
    const release = async (): Promise<void> => {
      clearInterval(timer)
      await session.release()
    }
    return { session, release }
  } catch (error) {
    clearInterval(timer)
    throw error
  }
}
