import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import type { ChecksumsDocument } from '../../contract/documents/checksums'
import type { BytesProgress, DistancesDocument } from '../../contract/documents/distances'
import type { PairValues } from '../../contract/documents/non-finite'
import type { WeightsContract } from '../../contract/procedures/weights'
import { startHelper } from '../base/helper-process'
import { progressRate } from '../base/progress-rate'
import { rpcPort } from '../engine/port'
import { fromRpcError } from '../base/rpc-problems'
import { throwIfCancelled } from '../base/files/cancelling'

type WeightsClient = ContractRouterClient<WeightsContract>

type Reading<Folders, Result> = (
  folders: Folders,
  signal: AbortSignal,
  onProgress: (progress: BytesProgress) => void
) => Promise<Result>

interface PairFolders {
  base: string
  post: string
}

/**
 * Compares a pair in another process.
 *
 * @throws WorkbenchError as `openPair` and `compareLayers`; `cancelled` as soon as `signal` fires
 */
export const computeDistances: Reading<PairFolders, DistancesDocument> = (folders, signal, onProgress) =>
  inProcess(signal, onProgress, (client) => client.distances(folders, { signal }))

/**
 * Hashes all weight files of a pair in another process, base's first.
 *
 * @throws WorkbenchError as `openCheckpoint` and `sha256OfFile`; `cancelled` as soon as `signal` fires
 */
export const computeChecksums: Reading<PairFolders, ChecksumsDocument[]> = (folders, signal, onProgress) =>
  inProcess(signal, onProgress, (client) => client.checksums(folders, { signal }))

/**
 * Searches all weights of a pair for NaN and infinity in another process.
 *
 * @throws WorkbenchError as `openCheckpoint` and the weight reader; `cancelled` as soon as `signal` fires
 */
export const findNonFinite: Reading<PairFolders, PairValues> = (folders, signal, onProgress) =>
  inProcess(signal, onProgress, (client) => client.values(folders, { signal }))

type WeightsEvent<Result> =
  { type: 'progress'; bytesDone: number; bytesTotal: number } | { type: 'done'; result: Result }

/** Runs one call in a new process, follows it to its result, and ends the process in any case. */
async function inProcess<Result>(
  signal: AbortSignal,
  onProgress: (progress: BytesProgress) => void,
  call: (client: WeightsClient) => Promise<AsyncIterable<WeightsEvent<Result>>>
): Promise<Result> {
  const helper = startHelper('weights.js', 'The process that reads weights')
  const port = rpcPort(helper, (close) => void helper.ended.catch(close))
  const client: WeightsClient = createORPCClient(new RPCLink({ port }))
  const startedMs = performance.now()
  const rate = progressRate()
  const follow = async (): Promise<Result> => {
    for await (const event of await call(client)) {
      if (event.type === 'done') return event.result
      const { bytesDone, bytesTotal } = event
      const { perSecond, secondsLeft } = rate(bytesDone, bytesTotal, (performance.now() - startedMs) / 1000)
      onProgress({ bytesDone, bytesTotal, bytesPerSecond: perSecond, secondsLeft })
    }
    throw new Error('the process that reads weights ended without a result')
  }
  try {
    return await Promise.race([follow(), helper.ended])
  } catch (error) {
    throwIfCancelled(signal, 'Reading the weights')
    // The errors of pending calls at the process's end contain less.
    throw helper.lost ?? fromRpcError(error)
  } finally {
    await helper.end()
  }
}
