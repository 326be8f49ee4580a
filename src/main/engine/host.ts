import { setImmediate } from 'node:timers/promises'
import { createORPCClient, mapEventIterator, type ClientLink, type ClientOptions } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import type { EngineContract } from '../../contract/procedures/engine'
import { WorkbenchError } from '../../contract/model/problem'
import { builtScript } from '../base/built'
import { NodeChild, type NodeChildEnd } from '../base/node-child'
import '../base/telemetry-off'
import { fromAcross, isEventStream } from '../base/rpc-problems'
import { rpcPort } from './port'
import { cancelled, throwIfCancelled, unlessCancelled } from '../base/files/cancelling'

export type EngineClient = ContractRouterClient<EngineContract>

/** Starts an engine process. */
export type EngineStarter = () => NodeChild

export interface EngineHost {
  /**
   * Calls on the engine, each on a fresh process when the last one died.
   * Every failure is a WorkbenchError: what the engine said, `engine-lost` when it died during the call, `cancelled`
   * when the call's signal fired.
   */
  client(): EngineClient
  /** Of the running process; undefined while none runs. */
  readonly pid: number | undefined
  /** A host of a process of its own, started in the same way: for what may take its process down. */
  another(): EngineHost
  /** Ends the process; calls in flight fail with `engine-lost`. */
  close(): Promise<void>
}

/**
 * How long a process may compute on after a call was cancelled. Computations stop between two steps; a model of the user's may have a
 * step that never ends.
 */
const STOP_LIMIT_MS = 10_000

/** The engine's work, to whoever stops it. */
const WHAT = 'The computation'

/**
 * Main's handle on the engine process: starts it when it is first needed and again after it died.
 *
 * @param stopLimitMs how long a process may compute after a call was cancelled
 */
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
      // No process for nothing: the program may be about to end.
      const { signal = NEVER } = options
      throwIfCancelled(signal, WHAT)
      // Behind a computation that does not stop, a call would wait for good, or be lost with it.
      while (running?.stopping) await unlessCancelled(signal, WHAT, running.stopping)
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

/** For calls that nobody can cancel. */
const NEVER = new AbortController().signal

class RunningEngine {
  private readonly link: RPCLink<Record<never, never>>
  readonly exited: Promise<void>
  /** Set when the process has died: why. */
  lost: WorkbenchError | null = null

  /** Settles when cancelled calls are over, or the process is; null while there are none. */
  stopping: Promise<void> | null = null

  constructor(
    readonly process: NodeChild,
    private readonly stopLimitMs: number
  ) {
    const closeListeners: (() => void)[] = []
    // The adapter rejects what is in flight on 'close', so the end of the process has to reach it as one.
    this.link = new RPCLink({ port: rpcPort(process, (close) => closeListeners.push(close)) })
    this.exited = process.ended.then((end) => {
      this.lost = engineLost(end)
      for (const close of closeListeners) close()
    })
  }

  /** @throws WorkbenchError see {@link EngineHost} */
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
      return signal.aborted ? cancelled(WHAT) : (this.lost ?? fromAcross(error))
    }
    try {
      const output = await this.link.call(path, input, options)
      if (!isEventStream(output)) {
        settle()
        return output
      }
      return mapEventIterator(output, {
        value: (event, done) => {
          if (done === true) settle()
          return event
        },
        error: async (error) => explain(error)
      })
    } catch (error) {
      throw explain(error)
    }
  }

  /** Ends the process unless the calls that have been cancelled are soon over. */
  private expectStop(): void {
    this.stopping ??= this.stopOrEnd().finally(() => (this.stopping = null))
  }

  private async stopOrEnd(): Promise<void> {
    const timer = setTimeout(() => {
      const fault = `did not stop a cancelled computation within ${this.stopLimitMs / 1000} s and was ended`
      console.error(`The engine process ${fault}.`)
      this.process.kill(fault)
    }, this.stopLimitMs)
    // The process is to hear of the cancelled call first.
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

/** Starts processes of the built engine, or of another script that serves the engine's contract, with arguments of the process. */
export function engineStarter(entry = builtScript('engine.js'), args: readonly string[] = []): EngineStarter {
  return () => new NodeChild(entry, { args })
}
