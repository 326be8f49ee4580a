import { fork, type Serializable } from 'node:child_process'
import { createORPCClient, mapEventIterator, type ClientLink } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import type { EngineContract } from '../../contract/procedures/engine'
import { WorkbenchError } from '../../contract/model/problem'
import { builtScript } from '../base/built'
import { nodeProgram } from '../base/node-program'
import { howItEnded } from './how-it-ended'
import '../base/telemetry-off'
import { fromAcross, isEventStream } from '../base/rpc-problems'
import type { EnginePort } from './port'
import { cancelled, throwIfCancelled } from '../base/files/cancelling'

export type EngineClient = ContractRouterClient<EngineContract>

/** A started engine process, whoever started it: node's fork, or a utility process in an Electron that has no node beside it. */
export interface EngineProcess {
  readonly pid: number | undefined
  /** The child's stderr: native libraries write there why they gave up. */
  readonly stderr: NodeJS.ReadableStream | null
  /** @throws when the line to the process is closed */
  postMessage(data: Serializable): void
  onMessage(listener: (data: unknown) => void): void
  /** Called once, after the process ended and its stderr was read; `how` completes "the engine process ...". */
  onExit(listener: (how: string) => void): void
  kill(): void
}

export type EngineSpawner = () => EngineProcess

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

/** Lines of stderr kept for the message about a death. */
const STDERR_LINES = 40

/** The engine's work, to whoever stops it. */
const WHAT = 'The computation'

/** Main's handle on the engine process: starts it when it is first needed and again after it died. */
export function createEngineHost(spawn: EngineSpawner = forkEngine()): EngineHost {
  let running: RunningEngine | null = null

  const start = (): RunningEngine => {
    const engine = new RunningEngine(spawn())
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
    another: () => createEngineHost(spawn),
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

  constructor(readonly process: EngineProcess) {
    const stderr = lastLines(process.stderr)
    const closeListeners: (() => void)[] = []
    // The adapter rejects what is in flight on 'close', so the process's exit has to reach it as one.
    const port: EnginePort = {
      on(event, listener) {
        if (event === 'message') process.onMessage((data) => listener({ data }))
        if (event === 'close') closeListeners.push(listener)
      },
      postMessage: (data) => process.postMessage(data)
    }
    this.link = new RPCLink({ port })
    this.exited = new Promise((resolve) => {
      process.onExit((how) => {
        this.lost = engineLost(how, stderr)
        for (const close of closeListeners) close()
        resolve()
      })
    })
  }
}

function engineLost(how: string, stderr: readonly string[]): WorkbenchError {
  const lastWords = stderr.findLast(saysWhy)
  return new WorkbenchError(
    'engine-lost',
    `The engine process ${how}${lastWords === undefined ? '.' : `: ${lastWords}`}`,
    'Run again: finished work is kept.'
  )
}

/** Not the stacks, source excerpt and version that node prints around an uncaught error and a fatal one. */
function saysWhy(line: string): boolean {
  return /^\S/.test(line) && !/^(\}|Node\.js v|node:|file:|\d+: 0x|---|<---)/.test(line)
}

/** Fills and keeps the last lines of a stream. */
function lastLines(stream: NodeJS.ReadableStream | null): string[] {
  const lines: string[] = []
  let open = ''
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (open + chunk).split('\n')
    // Bounded: a native library may write without end and without a line break.
    open = (parts.pop() ?? '').slice(-10_000)
    lines.push(...parts)
    lines.splice(0, lines.length - STDERR_LINES)
  })
  stream?.on('end', () => lines.push(open))
  return lines
}

/** Forks the built engine, or another module that serves the engine's contract, with arguments of the process. */
export function forkEngine(entry = builtScript('engine.js'), args: readonly string[] = []): EngineSpawner {
  return () => {
    // Native libraries print to stdout too; stdout belongs to the command line's JSON.
    const child = fork(entry, args, {
      execPath: nodeProgram() ?? process.execPath,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc']
    })
    const exited = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`could not be started (${error.message})`))
      // Not 'exit': by 'close' all of stderr has been read.
      child.once('close', (code, signal) => resolve(howItEnded(code, signal)))
    })
    return {
      pid: child.pid,
      stderr: child.stderr,
      postMessage(data) {
        if (!child.connected) throw new Error('the engine process is gone')
        // A message lost to a death shows as that death; without a callback it would be an uncaught error as well.
        child.send(data, () => undefined)
      },
      onMessage: (listener) => child.on('message', listener),
      onExit: (listener) => void exited.then(listener),
      kill: () => child.kill('SIGKILL')
    }
  }
}
