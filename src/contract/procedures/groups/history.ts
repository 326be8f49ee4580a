import { z } from 'zod'
import { RunKey, RunMarkChanges } from '../../documents/history'
import { ProjectState } from '../../documents/project'
import { ofPair, procedure, seen } from './procedure'

export const historyProcedures = {
  /** Names, notes or pins a run. */
  mark: procedure.input(ofPair.extend({ seen, run: RunKey, changes: RunMarkChanges })).output(ProjectState),
  /** Deletes a run, which can be restored. Refused while a job of the pair runs. */
  delete: procedure
    .input(ofPair.extend({ run: RunKey }))
    .output(z.object({ deletion: z.uuid(), project: ProjectState })),
  /** Brings back what was deleted. */
  restore: procedure.input(ofPair.extend({ deletion: z.uuid() })).output(ProjectState),
  /** Deletes what was deleted for good. */
  destroy: procedure.input(ofPair.extend({ deletion: z.uuid() })).output(ProjectState)
}
