import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { PairsOverview } from '../../documents/pairs-overview'
import { PairBrief, PairChanges, PairId, PairName, ProjectState } from '../../documents/project'
import { folderPath, ofPair, place, procedure, projectPath, seen } from './procedure'

/** The project's pairs after a change of their list. */
const pairsOf = z.object({ pairs: z.array(PairBrief) })

export const pairListProcedures = {
  /** Adds a pair at the end, called after its post. */
  add: procedure
    .input(projectPath.extend({ base: folderPath, post: folderPath, name: PairName.optional() }))
    .output(pairsOf.extend({ added: PairId })),
  /** Adds a pair with all that is set for another, behind it; results are of the one that they were computed for. */
  duplicate: procedure.input(ofPair).output(pairsOf.extend({ added: PairId })),
  /** A name that is taken gets a number. */
  rename: procedure.input(ofPair.extend({ name: PairName })).output(pairsOf),
  move: procedure.input(ofPair.extend({ place })).output(pairsOf),
  /**
   * Takes a pair off the list; what lies in its folder is deleted when the project is opened the next time. Refused for the
   * only pair, and while a job of the pair runs.
   */
  remove: procedure.input(ofPair).output(pairsOf),
  /** Puts a removed pair back; `not-found` once the project was closed. */
  restore: procedure.input(ofPair.extend({ place })).output(pairsOf),
  /**
   * The pairs side by side: at once as far as they are known, again with each sweep that was read, and after every change.
   *
   * @param scoring key of what they are compared by; null: what most of them were scored by
   */
  overview: procedure
    .input(projectPath.extend({ scoring: z.string().max(10_000).nullable() }))
    .output(eventIterator(PairsOverview)),
  /** Sets values of a pair. */
  update: procedure.input(ofPair.extend({ seen, changes: PairChanges })).output(ProjectState),
  /**
   * Names the folders of a pair anew, after they were moved. Other checkpoints are taken too: results keep
   * the fingerprints of theirs. Refused for the built-in pair, and while a job of the pair runs.
   */
  relocate: procedure.input(ofPair.extend({ base: folderPath, post: folderPath })).output(ProjectState)
}
