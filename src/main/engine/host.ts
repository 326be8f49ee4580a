import { createORPCClient, mapEventIterator, type ClientLink } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import type { EngineContract } from '../../contract/procedures/engine'
import { WorkbenchError } from '../../contract/model/problem'
import { builtScript } from '../base/built'
import { NodeChild, type NodeChildEnd } from '../base/node-child'
import '../base/telemetry-off'
import { fromAcross, isEventStream } from '../base/rpc-problems'
import { rpcPort } from './port'
import { cancelled, throwIfCancelled } from '../base/files/cancelling'

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

/** The engine's work, to whoever stops it. */
const WHAT = 'The computation'

/** Main's handle on the engine process: starts it when it is first needed and again after it died. */
export function createEngineHost(startProcess: EngineStarter = engineStarter()): EngineHost {
  let running: RunningEngine | null = null

  const start = (): RunningEngine => {
    const engine = new RunningEngine(startProcess())
    running = engine
    void engine.exited.then(() => {
      if (running === engine) running = null
    })
    return engine
  }

  const link: ClientLink<Record<never, never>> = {
    async call(path, input, options) {
      // No process for nothing: the program may be about to end.
      throwIfCancelled(options.signal, WHAT)
      const engine = running ?? start()
      const explain = (error: unknown): unknown =>
        options.signal?.aborted ? cancelled(WHAT) : (engine.lost ?? fromAcross(error))
      try {
        const output = await engine.link.call(path, input, options)
        return isEventStream(output)
          ? mapEventIterator(output, { value: (value) => value, error: async (error) => explain(error) })
          : output
      } catch (error) {
        throw explain(error)
      }
    }
  }
  const client: EngineClient = createORPCClient(link)

  return {
    client: () => client,
    get pid() {
      return running?.process.pid
    },
    another: () => createEngineHost(startProcess),
    async close() {
      running?.process.kill()
      await running?.exited
    }
  }
}

class RunningEngine {
  readonly link: RPCLink<Record<never, never>>
  readonly exited: Promise<void>
  /** Set when the process has died: why. */
  lost: WorkbenchError | null = null

  constructor(readonly process: NodeChild) {
    const closeListeners: (() => void)[] = []
    // The adapter rejects what is in flight on 'close', so the end of the process has to reach it as one.
    this.link = new RPCLink({ port: rpcPort(process, (close) => closeListeners.push(close)) })
    this.exited = process.ended.then((end) => {
      this.lost = engineLost(end)
      for (const close of closeListeners) close()
    })
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
