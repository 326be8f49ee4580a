import type { WorkbenchError } from '../../contract/model/problem'
import { builtScript } from './built'
import { NodeChild } from './node-child'
import { processLost } from './process-lost'

/** A process that does long work for main, such as reading a checkpoint. */
interface Helper {
  post(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  /** Rejects with `lost` when the process ends by itself. */
  readonly ended: Promise<never>
  /** Error of a process that has ended by itself; null before. */
  readonly lost: WorkbenchError | null
  /** Sets whether this program stays alive for the process. */
  holdProgram(held: boolean): void
  /** Kills the process and waits until it has ended. */
  end(): Promise<void>
}

/**
 * Starts a built script as a process of Node. Threads could do the same work, but may end main under Electron
 * (electron/electron#47986). @param subject begins the message of the error `lost`
 */
export function startHelper(script: string, subject: string): Helper {
  // The process reports defects on its standard error.
  const child = new NodeChild(builtScript(script), { nodeFlags: [], showErrors: true })
  let lost: WorkbenchError | null = null
  const ended = child.ended.then((end): never => {
    lost = processLost(subject, end)
    throw lost
  })
  ended.catch(() => undefined)
  return {
    post: (message) => child.post(message),
    onMessage: (listener) => child.onMessage(listener),
    ended,
    get lost() {
      return lost
    },
    holdProgram: (held) => child.holdProgram(held),
    async end() {
      // Otherwise the program would end while it waits, with exit code 13.
      child.holdProgram(true)
      child.kill()
      await child.ended
    }
  }
}
