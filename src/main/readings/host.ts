import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import type { ChecksumsDocument } from '../../contract/documents/checksums'
import type { BytesProgress, DistancesDocument } from '../../contract/documents/distances'
import type { PairValues } from '../../contract/documents/non-finite'
import type { BytesRead, LowRankRequest, LowRankResult, WeightsContract } from '../../contract/procedures/weights'
import { startHelper } from '../base/helper-process'
import { progressRate } from '../base/progress-rate'
import { rpcPort } from '../engine/port'
import { fromRpcError } from '../base/rpc-problems'
import { throwIfCancelled } from '../base/files/cancelling'

type WeightsClient = ContractRouterClient<WeightsContract>

/* Starts processes that read all weights of models (process.ts), so that main stays responsive. */

type PairReading<Folders, Result> = (
  folders: Folders,
  signal: AbortSignal,
  onProgress: (progress: BytesProgress) => void
) => Promise<Result>

interface PairFolders {
  base: string
  post: string
}

/** Compares the weights of base and post in another process. @throws WorkbenchError as the comparison; `cancelled` */
export const computeDistances: PairReading<PairFolders, DistancesDocument> = (folders, signal, onProgress) =>
  runInProcess(signal, onProgress, (client) => client.distances(folders, { signal }))

/** Computes SHA-256 of all weight files of a pair, base's first, in another process. */
export const computeChecksums: PairReading<PairFolders, ChecksumsDocument[]> = (folders, signal, onProgress) =>
  runInProcess(signal, onProgress, (client) => client.checksums(folders, { signal }))

/** Searches all weights of a pair for NaN and infinity in another process. */
export const findNonFinite: PairReading<PairFolders, PairValues> = (folders, signal, onProgress) =>
  runInProcess(signal, onProgress, (client) => client.values(folders, { signal }))

/** Writes a restoration as low-rank adapters in another process. */
export const computeLowRank: PairReading<LowRankRequest, LowRankResult> = (request, signal, onProgress) =>
  runInProcess(signal, onProgress, (client) => client.lowRank(request, { signal }))

type WeightsEvent<Result> = BytesRead | { type: 'done'; result: Result }

/** Makes one call in a new process, waits for its result, and always ends the process afterwards. */
async function runInProcess<Result>(
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
    // If the process has died, `lost` gives the reason. The error of the pending call says only that the call failed.
    throw helper.lost ?? fromRpcError(error)
  } finally {
    await helper.end()
  }
}
