import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { MessagePipe } from './message-pipe'
import { nodeProgram } from './node-program'
import { PIPE_VARIABLE } from './parent-pipe'

const PIPE_DESCRIPTOR = 3

/** Time after which a process with a closed or broken pipe is killed. */
const END_LIMIT_MS = 2_000

interface NodeChildOptions {
  readonly args?: readonly string[]
  /** Variables added to the environment of this program. */
  readonly environment?: Readonly<Record<string, string>>
  /** Flags of Node. */
  readonly nodeFlags: readonly string[]
  /** True to copy the process's standard error to the standard error of this process. */
  readonly showErrors?: boolean
}

export interface NodeChildEnd {
  /** Completes "the engine process ...", such as "ended with exit code 1". */
  readonly how: string
  /** Last line of the process's standard error that may contain the reason; undefined without one. */
  readonly reason: string | undefined
}

/** A process of this program: a script that runs on Node, with a pipe to this process. */
export class NodeChild {
  /** Resolves after the process has ended and its standard error has been read. */
  readonly ended: Promise<NodeChildEnd>
  private readonly child: ChildProcess
  private readonly pipe: MessagePipe
  private readonly sockets: readonly Socket[]
  /** Reason that this program killed the process; completes "the engine process ...". */
  private fault: string | null = null
  /** Reason that this program closed the pipe, which also ends a healthy process. */
  private pipeFault: string | null = null

  /** @param script its absolute path @throws WorkbenchError when Node is missing */
  constructor(script: string, options: NodeChildOptions) {
    const { args = [], environment = {}, nodeFlags, showErrors = false } = options
    this.child = spawn(nodeProgram(), [...nodeFlags, script, ...args], {
      env: { ...helperEnvironment(), ...environment, [PIPE_VARIABLE]: String(PIPE_DESCRIPTOR) },
      // Native libraries print to the standard output, which carries the JSON of the command line.
      // 'overlapped': on Windows, a pipe cannot be read and written at the same time otherwise.
      stdio: ['ignore', 'ignore', 'pipe', 'overlapped'],
      // Node is a console program, for which Windows opens a console window.
      windowsHide: true
    })
    const [, , stderr, pipe] = this.child.stdio
    if (!(stderr instanceof Socket && pipe instanceof Socket)) throw new Error('a process without its pipes')
    this.sockets = [stderr, pipe]
    const lastLines = new LastLines()
    stderr.setEncoding('utf8').on('data', (text: string) => {
      lastLines.add(text)
      if (showErrors) console.error(text.trimEnd())
    })
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => resolve({ how, reason: lastLines.reason })
      this.child.once('error', ({ message }) => end(`could not be started (${message})`))
      // Unlike 'exit', 'close' comes after all of the standard error has been read.
      this.child.once('close', (code, signal) => {
        const fault = signal === 'SIGKILL' ? this.fault : code === 0 ? this.pipeFault : null
        end(fault ?? howItEnded(code, signal))
      })
    })
    this.pipe = new MessagePipe(pipe)
    this.pipe.onEnd((broken) => this.killUnlessEnded(broken))
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  post(message: unknown): void {
    this.pipe.post(message)
  }

  onMessage(listener: (message: unknown) => void): void {
    this.pipe.onMessage(listener)
  }

  /** Sets whether this program stays alive for the process. */
  holdProgram(held: boolean): void {
    for (const handle of [this.child, ...this.sockets])
      if (held) handle.ref()
      else handle.unref()
  }

  /** Kills the process. @param fault completes "the engine process ..." in the report of its end */
  kill(fault: string | null = null): void {
    this.fault ??= fault
    this.child.kill('SIGKILL')
  }

  /** Kills the process if its pipe is closed or broken and the process does not end soon. */
  private killUnlessEnded(broken: Error | null): void {
    const fault = `was stopped because it ${broken === null ? 'closed its pipe' : `sent ${broken.message}`}`
    if (broken !== null) this.pipeFault = fault
    const timer = setTimeout(() => this.kill(fault), END_LIMIT_MS)
    void this.ended.then(() => clearTimeout(timer))
  }
}

/** Removes the user's settings for Node and Electron, which would change the processes. */
function helperEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NODE|ELECTRON)_/i.test(name)))
}

/** Reasons for signals whose names are not clear enough. */
const SIGNAL_REASONS: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGKILL: 'the system does this when memory runs out',
  SIGSEGV: 'an error in native code'
}

/** Reasons for exit codes, which Windows uses instead of signals. */
const CODE_REASONS: ReadonlyMap<number, string> = new Map([
  [0xe0000008, 'memory ran out'],
  [0xc0000005, 'an error in native code: access violation'],
  [0xc0000409, 'it ended itself'],
  [0xc000013a, 'its console window was closed']
])

/** Completes "the engine process ..." with the exit code or signal that Node reports. */
export function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `was killed by ${signal}${inBrackets(SIGNAL_REASONS[signal])}`
  const reason = code === null ? undefined : CODE_REASONS.get(code)
  return `ended with exit code ${code}${inBrackets(reason)}`
}

function inBrackets(reason: string | undefined): string {
  return reason === undefined ? '' : ` (${reason})`
}

const MAX_LINES = 40
/** Limit of a line, because a native library may write endlessly without a line break. */
const MAX_LINE_LENGTH = 10_000

/** Keeps the last lines that a process writes to its standard error. */
class LastLines {
  private readonly lines: string[] = []
  private openLine = ''

  add(text: string): void {
    const parts = (this.openLine + text).split('\n')
    this.openLine = parts.slice(-1).join().slice(-MAX_LINE_LENGTH)
    this.lines.push(...parts.slice(0, -1))
    this.lines.splice(0, this.lines.length - MAX_LINES)
  }

  /** The last line that may give the reason of an end; undefined when there is none. */
  get reason(): string | undefined {
    return [...this.lines, this.openLine].findLast(mayGiveReason)?.trimEnd()
  }
}

/** Excludes the stacks, the excerpt and the version that Node prints around an uncaught error and a fatal one. */
function mayGiveReason(line: string): boolean {
  return /^\S/.test(line) && !/^(\}|Node\.js v|node:|file:|\d+: 0x|---|<---|\[\d+:)/.test(line)
}
