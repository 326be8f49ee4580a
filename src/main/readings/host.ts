import { Worker } from 'node:worker_threads'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import type { ChecksumsDocument } from '../../contract/documents/checksums'
import type { BytesProgress, DistancesDocument } from '../../contract/documents/distances'
import type { PairValues } from '../../contract/documents/non-finite'
import type { WeightsContract } from '../../contract/procedures/weights'
import { builtScript } from '../base/built'
import { progressRate } from '../base/progress-rate'
import type { EnginePort } from '../engine/port'
import { fromAcross } from '../base/rpc-problems'
import { throwIfCancelled } from '../base/cancelling'

type WeightsClient = ContractRouterClient<WeightsContract>

/**
 * Compares a pair in a thread of its own.
 *
 * @throws WorkbenchError as `openPair` and `compareLayers`; `cancelled` as soon as `signal` fires
 */
export async function computeDistances(
  folders: { base: string; post: string },
  signal: AbortSignal,
  onProgress: (progress: BytesProgress) => void
): Promise<DistancesDocument> {
  return inWorker(signal, onProgress, (client) => client.distances(folders, { signal }))
}

/**
 * Hashes all weight files of some model folders in a thread of its own.
 *
 * @throws WorkbenchError as `openCheckpoint` and `sha256OfFile`; `cancelled` as soon as `signal` fires
 */
export async function computeChecksums(
  folders: string[],
  signal: AbortSignal,
  onProgress: (progress: BytesProgress) => void
): Promise<ChecksumsDocument[]> {
  return inWorker(signal, onProgress, (client) => client.checksums({ folders }, { signal }))
}

/**
 * Looks for NaN and infinity in all weights of a pair, in a thread of its own.
 *
 * @throws WorkbenchError as `openCheckpoint` and the weight reader; `cancelled` as soon as `signal` fires
 */
export async function findNonFinite(
  folders: { base: string; post: string },
  signal: AbortSignal,
  onProgress: (progress: BytesProgress) => void
): Promise<PairValues> {
  return inWorker(signal, onProgress, (client) => client.values(folders, { signal }))
}

type WeightsEvent<Result> =
  { type: 'progress'; bytesDone: number; bytesTotal: number } | { type: 'done'; result: Result }

/** Lends a fresh thread to one call, follows it to its result, and ends the thread however that went. */
async function inWorker<Result>(
  signal: AbortSignal,
  onProgress: (progress: BytesProgress) => void,
  call: (client: WeightsClient) => Promise<AsyncIterable<WeightsEvent<Result>>>
): Promise<Result> {
  const { client, ended, close } = startWorker()
  const startedMs = performance.now()
  const rate = progressRate()
  const follow = async (): Promise<Result> => {
    for await (const event of await call(client)) {
      if (event.type === 'done') return event.result
      const { bytesDone, bytesTotal } = event
      const { perSecond, secondsLeft } = rate(bytesDone, bytesTotal, (performance.now() - startedMs) / 1000)
      onProgress({ bytesDone, bytesTotal, bytesPerSecond: perSecond, secondsLeft })
    }
    throw new Error('the thread that reads weights ended without a result')
  }
  try {
    return await Promise.race([follow(), ended])
  } catch (error) {
    throwIfCancelled(signal, 'Reading the weights')
    throw fromAcross(error)
  } finally {
    await close()
  }
}

function startWorker(): { client: WeightsClient; ended: Promise<never>; close: () => Promise<void> } {
  // Not the flags of whoever runs us: some that node takes, a thread does not.
  const worker = new Worker(builtScript('weights.js'), { execArgv: [] })
  const ended = new Promise<never>((_, reject) => {
    worker.once('error', reject)
  })
  ended.catch(() => undefined)
  const port: EnginePort = {
    on(event, listener) {
      if (event === 'message') worker.on('message', (data) => listener({ data }))
      if (event === 'close') worker.once('exit', () => listener())
    },
    postMessage: (data) => worker.postMessage(data)
  }
  return {
    client: createORPCClient(new RPCLink({ port })),
    ended,
    close: async () => void (await worker.terminate())
  }
}
