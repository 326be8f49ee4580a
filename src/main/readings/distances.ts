import { DISTANCES_VERSION, type DistancesDocument } from '../../contract/documents/distances'
import type { BytesRead } from '../../contract/procedures/weights'
import { compareLayers } from '../checkpoint/layer-distances'
import { pairReferences, readPair } from '../checkpoint/pair'

/** Opens and compares a pair. @throws WorkbenchError as `readPair` and `compareLayers` */
export async function* pairDistances(
  folders: { base: string; post: string },
  signal?: AbortSignal
): AsyncGenerator<BytesRead | { type: 'done'; result: DistancesDocument }> {
  const startedMs = performance.now()
  const pair = await readPair(folders.base, folders.post)
  for await (const event of compareLayers(pair, signal)) {
    if (event.type === 'progress') {
      yield event
      continue
    }
    yield {
      type: 'done',
      result: {
        schemaVersion: DISTANCES_VERSION,
        createdAt: new Date().toISOString(),
        seconds: (performance.now() - startedMs) / 1000,
        ...pairReferences(folders, pair),
        ...event.distances
      }
    }
  }
}
