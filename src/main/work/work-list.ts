import { mismatchError, type Problem } from '../../contract/model/problem'
import { plural } from '../../contract/words/format'
import type { WorkOutcome } from '../../contract/work/work-list'
import { outcomeWords } from '../../contract/work/work-words'
import { throwIfCancelled } from '../base/files/cancelling'
import { problemOf, reportDefect } from '../base/rpc-problems'

/** An entry of a list of work, such as a step of a study. */
export interface ListedWork {
  /** Unique name of the entry, such as `Demo/evaluate/demo-names`. */
  readonly key: string
  /** Keys of earlier entries that this entry needs. */
  readonly needs: readonly string[]
}

export interface WorkResult {
  key: string
  outcome: WorkOutcome
  seconds: number
  /** Reason why the entry failed or was left out; null for none. */
  problem: Problem | null
}

interface WorkListOptions<Entry, Done> {
  name: string
  signal: AbortSignal
  /** Called before an entry. @param position number of the entry, counted from 1 */
  begins: (entry: Entry, position: number) => Promise<void> | void
  /** Does the entry. A failure is thrown, or returned as `problem`. */
  run: (entry: Entry) => Promise<Done & Pick<WorkResult, 'outcome'> & Partial<Pick<WorkResult, 'problem'>>>
  /** Result of an entry that failed or was left out. */
  resultIfNotDone: Done
  /** Called after an entry. */
  ended: (entry: Entry, result: Done & WorkResult) => Promise<void> | void
}

/**
 * Does the entries of a list in order. If an entry fails, only the entries that need its result are left out.
 *
 * @param entries can be a generator that adds entries while others are done
 * @throws WorkbenchError `cancelled` when the signal fires
 */
export async function runWorkList<Entry extends ListedWork, Done>(
  entries: Iterable<Entry> | AsyncIterable<Entry>,
  { name, signal, begins, run, resultIfNotDone, ended }: WorkListOptions<Entry, Done>
): Promise<(Done & WorkResult)[]> {
  const results: (Done & WorkResult)[] = []
  const attempt = async (entry: Entry): Promise<Done & Pick<WorkResult, 'outcome' | 'problem'>> => {
    const missing = results.find(({ key, problem }) => problem !== null && entry.needs.includes(key))
    if (missing !== undefined) {
      const problem = { code: 'not-found', message: `It needs ${missing.key}, which failed.` } as const
      return { ...resultIfNotDone, outcome: 'left out', problem }
    }
    try {
      return { problem: null, ...(await run(entry)) }
    } catch (error) {
      throwIfCancelled(signal, name)
      return { ...resultIfNotDone, outcome: 'failed', problem: problemOf(error) ?? reportDefect(error, entry.key) }
    }
  }
  for await (const entry of entries) {
    throwIfCancelled(signal, name)
    await begins(entry, results.length + 1)
    const startedMs = performance.now()
    const done = await attempt(entry)
    const result = { ...done, key: entry.key, seconds: (performance.now() - startedMs) / 1000 }
    results.push(result)
    await ended(entry, result)
  }
  return results
}

export function resultEndWords(result: WorkResult): string {
  const hint = result.problem?.hint === undefined ? '' : ` ${result.problem.hint}`
  return `${result.key}: ${outcomeWords(result)}${hint}`
}

/** Reports the entries that failed or were left out as an error. @param noun name of an entry, such as "step" */
export function requireAllDone(results: readonly WorkResult[], noun: string): void {
  const failed = results.filter(({ problem }) => problem !== null)
  if (failed.length === 0) return
  throw mismatchError(
    `${failed.length} of ${plural(results.length, noun)} ${failed.length === 1 ? 'was' : 'were'} not done: ` +
      `${failed.map(({ key }) => key).join(', ')}.`,
    `The reasons are above. The same command runs the missing ${noun}s and keeps the others.`
  )
}
