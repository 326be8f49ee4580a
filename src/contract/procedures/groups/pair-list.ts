import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { PairsOverview } from '../../documents/pairs-overview'
import { PairChanges, PairId, PairName, ProjectState } from '../../documents/project'
import { folderPath, pairInput, listPosition, procedure, projectPath, seenRevision } from './procedure'

/** Revision that the call wrote, to undo it by `projects.revert`; null if nothing changed. */
const listChange = z.object({ change: z.number().int().nullable() })

export const pairListProcedures = {
  /** Adds a pair at the end of the list. Its default name is the name of its post-trained model. */
  add: procedure
    .input(projectPath.extend({ base: folderPath, post: folderPath, name: PairName.optional() }))
    .output(listChange.extend({ added: PairId })),
  /** Adds a copy of a pair with its settings after the original, without results. */
  duplicate: procedure.input(pairInput).output(listChange.extend({ added: PairId })),
  rename: procedure.input(pairInput.extend({ name: PairName })).output(listChange),
  move: procedure.input(pairInput.extend({ position: listPosition })).output(listChange),
  /** Removes a pair from the list. Its folder is deleted when the project is next opened. */
  remove: procedure.input(pairInput).output(listChange),
  /** Streams an overview of all pairs, updated by each sweep that was read. @param scoring null for the usual one */
  overview: procedure
    .input(projectPath.extend({ scoring: z.string().max(10_000).nullable() }))
    .output(eventIterator(PairsOverview)),
  update: procedure.input(pairInput.extend({ seen: seenRevision, changes: PairChanges })).output(ProjectState),
  /** Sets the folders of a pair after they were moved, also to other checkpoints. */
  relocate: procedure.input(pairInput.extend({ base: folderPath, post: folderPath })).output(ProjectState)
}
