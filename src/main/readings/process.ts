import { implement } from '@orpc/server'
import { RPCHandler } from '@orpc/server/message-port'
import { type BytesRead, weightsContract } from '../../contract/procedures/weights'
import { rpcPort } from '../engine/port'
import { ignoreInterrupt, pipeToParent } from '../base/parent-pipe'
import { convertProblems, reportDefect } from '../base/rpc-problems'
import { checkpointChecksums } from './checksums'
import { pairDistances } from './distances'
import { writeLowRank } from './low-rank'
import { pairValues } from './values'

/* The process that reads whole checkpoints. host.ts starts a process for each reading. */

/** Shortest time between two reports of progress. */
const PROGRESS_INTERVAL_MS = 50

const weights = implement(weightsContract).use(convertProblems(reportDefect))

const router = weights.router({
  distances: weights.distances.handler(async function* ({ input, signal }) {
    const due = everyInterval()
    for await (const event of pairDistances(input, signal)) if (event.type === 'done' || due()) yield event
  }),
  checksums: weights.checksums.handler(async function* ({ input, signal }) {
    yield* progressEvents((onBytes) => checkpointChecksums(input, signal, onBytes))
  }),
  lowRank: weights.lowRank.handler(async function* ({ input, signal }) {
    yield* progressEvents((onBytes) => writeLowRank(input, signal, onBytes))
  }),
  values: weights.values.handler(async function* ({ input, signal }) {
    yield* progressEvents((onBytes) => pairValues(input, signal, onBytes))
  })
})

/** Turns progress callbacks into events. */
async function* progressEvents<Result>(
  work: (onBytes: (progress: BytesRead) => void) => Promise<Result>
): AsyncGenerator<BytesRead | { type: 'done'; result: Result }> {
  let latest: BytesRead | null = null
  let ended = false
  const working = work((progress) => (latest = progress)).finally(() => (ended = true))
  // A failure is thrown by the last line. Until then it must not count as unhandled.
  working.catch(() => undefined)
  while (!ended) {
    if (latest !== null) yield latest
    await Promise.race([
      working.catch(() => undefined),
      new Promise((resolve) => setTimeout(resolve, PROGRESS_INTERVAL_MS))
    ])
  }
  yield { type: 'done', result: await working }
}

/** Returns a function that is true at most once in each interval. */
function everyInterval(): () => boolean {
  let nextMs = 0
  return () => {
    if (performance.now() < nextMs) return false
    nextMs = performance.now() + PROGRESS_INTERVAL_MS
    return true
  }
}

const pipe = pipeToParent()
ignoreInterrupt()
new RPCHandler(router).upgrade(rpcPort(pipe))
