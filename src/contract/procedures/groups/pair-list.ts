import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { PairsOverview } from '../../documents/pairs-overview'
import { PairBrief, PairChanges, PairId, PairName, ProjectState } from '../../documents/project'
import { folderPath, pairInput, listPosition, procedure, projectPath, seenRevision } from './procedure'

/** The project's pairs after a change to their list. */
const pairsOf = z.object({ pairs: z.array(PairBrief) })

export const pairListProcedures = {
  /** Adds a pair at the end of the list. Its default name is that of its post. */
  add: procedure
    .input(projectPath.extend({ base: folderPath, post: folderPath, name: PairName.optional() }))
    .output(pairsOf.extend({ added: PairId })),
  /**
   * Adds a copy of a pair with its settings after the original. Results stay with the pair that they were computed
   * for.
   */
  duplicate: procedure.input(pairInput).output(pairsOf.extend({ added: PairId })),
  /** Renames a pair. A number is added to a name that is already used. */
  rename: procedure.input(pairInput.extend({ name: PairName })).output(pairsOf),
  move: procedure.input(pairInput.extend({ place: listPosition })).output(pairsOf),
  /**
   * Removes a pair from the list. Its folder is deleted when the project is next opened. It is rejected for the only
   * pair, and while a job of the pair runs.
   */
  remove: procedure.input(pairInput).output(pairsOf),
  /** Restores a removed pair. It fails with `not-found` once the project was closed. */
  restore: procedure.input(pairInput.extend({ place: listPosition })).output(pairsOf),
  /**
   * Streams an overview of all pairs: first the known results, then an update for each sweep that was read and for
   * each change.
   * @param scoring key of the scoring to compare by; null selects the most frequent one
   */
  overview: procedure
    .input(projectPath.extend({ scoring: z.string().max(10_000).nullable() }))
    .output(eventIterator(PairsOverview)),
  /** Sets values of a pair. */
  update: procedure
    .input(pairInput.extend({ seen: seenRevision, changes: PairChanges }))
    .output(ProjectState),
  /**
   * Sets the folders of a pair after they were moved. Other checkpoints are accepted too, because results keep their
   * own fingerprints. It is rejected for the built-in pair, and while a job of the pair runs.
   */
  relocate: procedure.input(pairInput.extend({ base: folderPath, post: folderPath })).output(ProjectState)
}
