import { setMaxListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { createORPCClient, mapEventIterator, type ClientLink, type ClientOptions } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import type { EngineContract } from '../../contract/procedures/engine'
import { WorkbenchError } from '../../contract/model/problem'
import { builtScript } from '../base/built'
import { NodeChild, type NodeChildEnd } from '../base/node-child'
import '../base/telemetry-off'
import { fromRpcError, isEventStream, settling } from '../base/rpc-problems'
import { cudaEnvironment } from './device/cuda-libraries'
import { rpcPort } from './port'
import { cancelled, throwIfCancelled, unlessCancelled } from '../base/files/cancelling'

/* Main's side of the engine, which is a process of its own. */

export type EngineClient = ContractRouterClient<EngineContract>

export type EngineStarter = () => NodeChild

export interface EngineHost {
  /** Returns a client of the engine. An engine that has crashed is started again. Calls throw only WorkbenchErrors. */
  client(): EngineClient
  /** Process id of the running engine. Undefined while none runs. */
  readonly pid: number | undefined
  /** Returns a host of a second engine process, for work that may crash the process. */
  another(): EngineHost
  /** Ends the process. Calls in flight fail with `engine-lost`. */
  close(): Promise<void>
}

/** Milliseconds that a process may continue after a call was cancelled. */
const STOP_LIMIT_MS = 10_000

const WORK_NAME = 'The computation'

/** Creates main's handle on the engine process, which starts on first use, and again after it died. */
export function createEngineHost(
  startProcess: EngineStarter = engineStarter(),
  stopLimitMs = STOP_LIMIT_MS
): EngineHost {
  let running: RunningEngine | null = null

  const start = (): RunningEngine => {
    const engine = new RunningEngine(startProcess(), stopLimitMs)
    running = engine
    void engine.exited.then(() => {
      if (running === engine) running = null
    })
    return engine
  }

  const link: ClientLink<Record<never, never>> = {
    async call(path, input, options) {
      // A cancelled call starts no process, because the program may be about to end.
      const { signal = NEVER } = options
      throwIfCancelled(signal, WORK_NAME)
      // A call waits for cancelled computations to stop. Otherwise it could wait forever behind one, or be lost with
      // its process.
      while (running?.stopping) await unlessCancelled(signal, WORK_NAME, running.stopping)
      return (running ?? start()).call(path, input, { ...options, signal })
    }
  }
  const client: EngineClient = createORPCClient(link)

  return {
    client: () => client,
    get pid() {
      return running?.process.pid
    },
    another: () => createEngineHost(startProcess, stopLimitMs),
    async close() {
      running?.process.kill()
      await running?.exited
    }
  }
}

/** The signal of calls that cannot be cancelled. */
const NEVER = new AbortController().signal
// Each call listens until it ends.
setMaxListeners(0, NEVER)

class RunningEngine {
  private readonly link: RPCLink<Record<never, never>>
  readonly exited: Promise<void>
  /** The reason of the process's death, once it has died. */
  lossError: WorkbenchError | null = null

  /** Resolves when the cancelled calls or the process have ended. Null while no cancelled call is running. */
  stopping: Promise<void> | null = null

  constructor(
    readonly process: NodeChild,
    private readonly stopLimitMs: number
  ) {
    const closeListeners: (() => void)[] = []
    // The adapter rejects calls in flight on 'close', so the end of the process is passed on as 'close'.
    this.link = new RPCLink({ port: rpcPort(process, (close) => closeListeners.push(close)) })
    this.exited = process.ended.then((end) => {
      this.lossError = engineLost(end)
      for (const close of closeListeners) close()
    })
  }

  async call(
    path: readonly string[],
    input: unknown,
    options: ClientOptions<Record<never, never>> & { signal: AbortSignal }
  ): Promise<unknown> {
    const { signal } = options
    const stop = (): void => this.expectStop()
    signal.addEventListener('abort', stop, { once: true })
    const settle = (): void => signal.removeEventListener('abort', stop)
    const explain = (error: unknown): unknown => {
      settle()
      return signal.aborted ? cancelled(WORK_NAME) : (this.lossError ?? fromRpcError(error))
    }
    try {
      const output = await this.link.call(path, input, options)
      if (!isEventStream(output)) {
        settle()
        return output
      }
      return mapEventIterator(settling(output, settle), {
        value: (event) => event,
        error: async (error) => explain(error)
      })
    } catch (error) {
      throw explain(error)
    }
  }

  /** Ends the process unless the cancelled calls end soon. */
  private expectStop(): void {
    if (this.lossError !== null) return
    this.stopping ??= this.stopOrEnd().finally(() => (this.stopping = null))
  }

  private async stopOrEnd(): Promise<void> {
    const timer = setTimeout(() => {
      const fault = `did not stop a cancelled computation within ${this.stopLimitMs / 1000} s and was ended`
      console.error(`The engine process ${fault}.`)
      this.process.kill(fault)
    }, this.stopLimitMs)
    // The process must receive the cancellation first.
    await setImmediate()
    const client: EngineClient = createORPCClient(this.link)
    // A lost process ends the wait too.
    await client.cancelledEnded().catch(() => undefined)
    clearTimeout(timer)
  }
}

function engineLost({ how, reason }: NodeChildEnd): WorkbenchError {
  return new WorkbenchError(
    'engine-lost',
    `The engine process ${how}${reason === undefined ? '.' : `: ${reason}`}`,
    'Run again: finished work is kept.'
  )
}

/**
 * Keeps V8 from marking the heaps of both threads for each block. It counts the buffer of a block as new memory of the
 * thread that receives it. Memory that is out of use is still collected, when it reaches V8's limits.
 */
const NODE_FLAGS = ['--no-incremental-marking']

/** Returns a function that starts engine processes. @param entry another script with the same contract, for tests */
export function engineStarter(
  entry = builtScript('engine.js'),
  args: readonly string[] = [],
  environment: () => Readonly<Record<string, string>> = cudaEnvironment
): EngineStarter {
  const nodeFlags = [...process.execArgv, ...NODE_FLAGS]
  return () => new NodeChild(entry, { args, environment: environment(), nodeFlags })
}
