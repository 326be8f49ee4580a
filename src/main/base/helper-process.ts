import { fork, type Serializable } from 'node:child_process'
import { once } from 'node:events'
import { builtScript } from './built'
import { nodeProgram } from './node-program'

/** A process for one piece of work that takes long, so that main goes on answering. */
export interface Helper {
  post(message: Serializable): void
  onMessage(listener: (message: unknown) => void): void
  /** Rejects, with how, when it ends by itself. */
  readonly ended: Promise<never>
  /** Whether this program stays for it: one that has nothing to do keeps none running. */
  holdProgram(held: boolean): void
  /** Ends it, whatever it does, and waits until it is gone. */
  end(): Promise<void>
}

/**
 * Starts a script of the build on a plain Node. Not as a thread: under Electron, ending threads one after the other may end
 * main with them (electron/electron#47986), and all that is open.
 *
 * @param what it is, for the message about its end, such as "the process that reads weights"
 */
export function startHelper(script: string, what: string): Helper {
  const child = fork(builtScript(script), [], {
    execPath: nodeProgram() ?? process.execPath,
    // Not the flags of whoever runs us.
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
  const gone = once(child, 'exit')
  const ended = gone.then(([code, signal]): never => {
    throw new Error(
      `${what} ${signal === null ? `ended with exit code ${String(code)}` : `was killed by ${String(signal)}`}`
    )
  })
  ended.catch(() => undefined)
  return {
    // A message lost to a death shows as that death; without a callback it would be an uncaught error as well.
    post: (message) => void child.send(message, () => undefined),
    onMessage: (listener) => void child.on('message', listener),
    ended,
    holdProgram: (held) => {
      for (const handle of [child, child.channel])
        if (held) handle?.ref()
        else handle?.unref()
    },
    async end() {
      // Whoever waits for its end stays for that, or the program would end within it, with exit code 13.
      child.ref()
      child.kill('SIGKILL')
      await gone.catch(() => undefined)
    }
  }
}

/** For such a script: Ctrl-C reaches every process of a terminal, and main says what it means; without main there is nothing to do. */
export function leaveEndToParent(): void {
  process.on('SIGINT', () => undefined)
  process.on('disconnect', () => process.exit(0))
}
