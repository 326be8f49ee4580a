import type { KeptIdentity } from '../../../contract/model/kept'
import { notFoundError } from '../../../contract/model/problem'

/** Returns a list with one changed entry. @param what noun for errors @throws WorkbenchError `not-found` if removed */
export function changedIn<Entry extends KeptIdentity>(
  list: readonly Entry[],
  id: string,
  what: string,
  change: (entry: Entry, others: readonly Entry[]) => Entry
): Entry[] {
  const index = list.findIndex((entry) => entry.id === id)
  const entry = list[index]
  if (entry === undefined) {
    throw notFoundError(
      `The project does not have this ${what} any more: it was removed elsewhere.`,
      'Undo the removal there, or add it again.'
    )
  }
  return list.with(index, change(entry, list.toSpliced(index, 1)))
}
