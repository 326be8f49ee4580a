import type * as ort from 'onnxruntime-node'
import { formatMemory } from '../../../contract/model/bytes'
import { defaultMemoryBytes } from '../../base/engine-memory'
import { openModelFile } from '../device/device'

/** Milliseconds between two looks at the memory of the process. */
const LOOK_MS = 100

export async function openWatchedModelFile(
  file: string,
  limitBytes = defaultMemoryBytes(),
  end: () => void = () => process.exit(1)
): Promise<{ session: ort.InferenceSession; release: () => Promise<void> }> {
  const watch = setInterval(() => {
    if (process.memoryUsage.rss() <= limitBytes) return
    clearInterval(watch)
    console.error(`${file} takes more than ${formatMemory(limitBytes)} of memory`)
    end()
  }, LOOK_MS)
  try {
    const session = await openModelFile(file)
    const release = async (): Promise<void> => {
      clearInterval(watch)
      await session.release()
    }
    return { session, release }
  } catch (error) {
    clearInterval(watch)
    throw error
  }
}
