import { shellCommand } from '../../report/shown-command'
import { remark } from '../printing/output'

/** What is left of work that was stopped. */
export interface Kept {
  /** A sentence: what is kept and where, or that nothing is. */
  readonly kept: string
  /** Whether the same command goes on from there; else it starts again. */
  readonly goesOn: boolean
}

/** How a command that may be stopped was called. */
export interface Stoppable {
  readonly signal: AbortSignal
  readonly quiet: boolean
}

/** Of a command that writes its results at its end alone. */
export const nothingKept = (): Kept => ({ kept: 'Nothing is kept.', goesOn: false })

/** Of work that is kept where its result is to be, when it was told no such place. @param what such as "sweep" */
export const keptOnlyWithPlace = (what: string) => (): Kept => ({
  kept: `Nothing is kept: a ${what} goes on where it was stopped with --out FILE or --project FOLDER.`,
  goesOn: false
})

/** The stops that need no more words. */
const told = new WeakSet<AbortSignal>()

/** What is said of a command that was stopped before its long work, or after it; nothing where {@link untilStopped} has. */
export function tellStopped(args: readonly string[], signal: AbortSignal): void {
  if (args.includes('--quiet') || told.has(signal)) return
  remark('Stopped. What was kept before is as it was.')
  remark(`The same again: ${commandAgain(args)}`)
}

/**
 * Does long work of a command. When the user stops it, says what is kept and which command goes on; the work's own error,
 * which is thrown on, is then not shown.
 *
 * @param kept asked when the work was stopped
 */
export async function untilStopped<T>(
  { signal, quiet }: Stoppable,
  kept: () => Kept | Promise<Kept>,
  work: () => Promise<T>
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (signal.aborted) told.add(signal)
    if (signal.aborted && !quiet) {
      const left = await kept()
      remark(`Stopped. ${left.kept}`)
      remark(`${left.goesOn ? 'This goes on' : 'This starts again'}: ${commandAgain(process.argv.slice(2))}`)
    }
    throw error
  }
}

/** The same command, but that one which was told to compute everything anew is not told so again. */
function commandAgain(args: readonly string[]): string {
  return shellCommand([['slr', ...args.filter((arg) => arg !== '--fresh')]])
}
