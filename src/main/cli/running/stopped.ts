import { shellCommand } from '../../report/shown-command'
import { remark } from '../printing/output'

export interface SavedWork {
  /** Sentence that says which results are saved, and where. */
  readonly saved: string
  readonly resumable: boolean
}

export interface Stoppable {
  readonly signal: AbortSignal
  readonly quiet: boolean
}

export const nothingSaved = (): SavedWork => ({ saved: 'Nothing is saved.', resumable: false })

/** Describes stopped work that is saved only if the user names a file or project. @param what such as "sweep" */
export const savedOnlyWithOutput = (what: string) => (): SavedWork => ({
  saved: `Nothing is saved. With --out FILE or --project FOLDER a ${what} can be resumed.`,
  resumable: false
})

/** Signals whose stop was described. */
const described = new WeakSet<AbortSignal>()

/** Describes a stop before or after the long work, unless {@link untilStopped} has done so. */
export function describeStop(args: readonly string[], signal: AbortSignal): void {
  if (args.includes('--quiet') || described.has(signal)) return
  remark('Stopped. Earlier results are unchanged.')
  remark(`Start again: ${commandAgain(args)}`)
}

/** Runs the long work of a command. If the user stops it, describes the saved results and how to resume. */
export async function untilStopped<T>(
  { signal, quiet }: Stoppable,
  saved: () => SavedWork | Promise<SavedWork>,
  work: () => Promise<T>
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (signal.aborted) described.add(signal)
    if (signal.aborted && !quiet) {
      const stoppedWork = await saved()
      remark(`Stopped. ${stoppedWork.saved}`)
      remark(`${stoppedWork.resumable ? 'Resume' : 'Start again'}: ${commandAgain(process.argv.slice(2))}`)
    }
    throw error
  }
}

/** Returns the same command without `--fresh`. */
function commandAgain(args: readonly string[]): string {
  return shellCommand([['slr', ...args.filter((arg) => arg !== '--fresh')]])
}
