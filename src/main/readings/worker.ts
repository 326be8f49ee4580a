import { parentPort } from 'node:worker_threads'
import { implement } from '@orpc/server'
import { RPCHandler } from '@orpc/server/message-port'
import { weightsContract } from '../../contract/weights'
import type { EnginePort } from '../engine/port'
import { problemsAcross, reportDefect } from '../base/rpc-problems'
import { checkpointChecksums } from './checksums'
import { type BytesRead, pairDistances } from './distances'

/** The thread that reads whole checkpoints: the same contract idiom as the engine, one job at a time (host.ts). */

/** More often nobody could read it. */
const PROGRESS_INTERVAL_MS = 50

const weights = implement(weightsContract).use(problemsAcross(reportDefect))

const router = weights.router({
  distances: weights.distances.handler(async function* ({ input, signal }) {
    const due = everyInterval()
    for await (const event of pairDistances(input, signal)) if (event.type === 'done' || due()) yield event
  }),
  checksums: weights.checksums.handler(async function* ({ input, signal }) {
    let latest: BytesRead | null = null
    let ended = false
    const hashing = checkpointChecksums(input.folders, signal, (progress) => (latest = progress)).finally(
      () => (ended = true)
    )
    // Awaited below; until then a failure must not count as unhandled.
    hashing.catch(() => undefined)
    while (!ended) {
      if (latest !== null) yield latest
      await Promise.race([
        hashing.catch(() => undefined),
        new Promise((resolve) => setTimeout(resolve, PROGRESS_INTERVAL_MS))
      ])
    }
    yield { type: 'done', result: await hashing }
  })
})

function everyInterval(): () => boolean {
  let nextMs = 0
  return () => {
    if (performance.now() < nextMs) return false
    nextMs = performance.now() + PROGRESS_INTERVAL_MS
    return true
  }
}

if (parentPort === null)
  throw new Error('This is a thread of SLR Workbench; the program starts it by itself.')
const toMain = parentPort
const port: EnginePort = {
  on(event, listener) {
    if (event === 'message') toMain.on('message', (data) => listener({ data }))
  },
  postMessage: (data) => toMain.postMessage(data)
}
new RPCHandler(router).upgrade(port)
