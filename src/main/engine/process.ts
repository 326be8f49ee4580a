import { constants, setPriority } from 'node:os'
import { implement } from '@orpc/server'
import { RPCHandler } from '@orpc/server/message-port'
import { engineContract } from '../../contract/procedures/engine'
import type { Problem } from '../../contract/model/problem'
import { ignoreInterrupt, pipeToParent } from '../base/parent-pipe'
import { convertProblems } from '../base/rpc-problems'
import { ActiveCalls } from './active-calls'
import { startRuntime } from './device/device'
import { checkDevice } from './questions/device-check'
import { BESIDE_A_WINDOW, rpcPort } from './port'
import { embedTexts } from './questions/embed-texts'
import { partitionTexts } from './questions/partition-texts'
import { generate } from './generate/generate'
import { planEngineSweep } from './sweep/plan'
import { probe } from './questions/probe'
import { readAnswers } from './questions/read-answers'
import { closeServed, servedAnswers } from './generate/served-answers'
import { stopTextOf } from './generate/stop-text'
import { sweep } from './sweep/sweep'
import { endSweepSession, sweepSession } from './sweep/sweep-session'
import { readersAtStart } from './sweep/weight-prefetch'
import { startReadingThreads } from './weights/reading-threads'
import { errorMessage } from '../base/files/bounded-file'

/* The engine process, which main starts (see host.ts). It stores nothing on the disk, so it may crash at any time. */

/** Describes an unexpected error to main, the only reader. The stack goes to the captured stderr. */
function computationFailed(error: unknown, location: string): Problem {
  console.error(error)
  const reason = errorMessage(error)
  return { code: 'internal', message: `The engine failed during ${location}: ${reason}` }
}

// This runs before any computing thread starts. On Linux each thread inherits the priority of the thread that starts
// it.
if (process.argv.includes(BESIDE_A_WINDOW)) setPriority(constants.priority.PRIORITY_BELOW_NORMAL)

const calls = new ActiveCalls()
const engine = implement(engineContract).use(convertProblems(computationFailed)).use(calls.track)

const router = engine.router({
  sweep: engine.sweep.handler(async function* ({ input, signal }) {
    yield* sweep(input, signal)
  }),
  ready: engine.ready.handler(async ({ input }) => {
    startReadingThreads(readersAtStart(input.memoryBytes))
    await startRuntime()
  }),
  openSession: engine.openSession.handler(({ input }) => sweepSession(input.id).open(input)),
  endSession: engine.endSession.handler(({ input }) => endSweepSession(input.id)),
  plan: engine.plan.handler(({ input, signal }) => planEngineSweep(input, signal)),
  cancelledEnded: engine.cancelledEnded.handler(() => calls.cancelledEnded()),
  generate: engine.generate.handler(async function* ({ input, signal }) {
    yield* generate(input, await stopTextOf(input), signal)
  }),
  served: {
    open: engine.served.open.handler(async ({ input }) => (await servedAnswers(input)).plan),
    answer: engine.served.answer.handler(async function* ({ input }) {
      yield* (await servedAnswers(input.served)).answer(input)
    }),
    leave: engine.served.leave.handler(async ({ input }) => (await servedAnswers(input.served)).leave(input.id)),
    close: engine.served.close.handler(({ input }) => closeServed(input.id))
  },
  probe: engine.probe.handler(async ({ input, signal }) => ({ logits: await probe(input, signal) })),
  read: engine.read.handler(async function* ({ input, signal }) {
    yield* readAnswers(input, signal)
  }),
  embed: engine.embed.handler(async function* ({ input, signal }) {
    yield* embedTexts(input, signal)
  }),
  partition: engine.partition.handler(async function* ({ input, signal }) {
    yield* partitionTexts(input, signal)
  }),
  checkDevice: engine.checkDevice.handler(({ input, signal }) => checkDevice(input, signal))
})

const pipe = pipeToParent()
ignoreInterrupt()
new RPCHandler(router).upgrade(rpcPort(pipe))
