import type { KeptIdentity } from '../../../contract/model/kept'
import { WorkbenchError } from '../../../contract/model/problem'

/**
 * The list with one entry changed.
 *
 * @param what of entries, for messages, such as "recipe"
 * @throws WorkbenchError `not-found` when the project has it no more
 */
export function changedIn<Entry extends KeptIdentity>(
  list: readonly Entry[],
  id: string,
  what: string,
  change: (entry: Entry, others: readonly Entry[]) => Entry
): Entry[] {
  const place = list.findIndex((entry) => entry.id === id)
  const entry = list[place]
  if (entry === undefined) {
    throw new WorkbenchError(
      'not-found',
      `The project has this ${what} no more: it was removed elsewhere.`,
      'Undo the removal there, or add it anew.'
    )
  }
  return list.with(place, change(entry, list.toSpliced(place, 1)))
}
