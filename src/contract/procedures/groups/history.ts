import { z } from 'zod'
import { RunKey, RunAnnotationChanges } from '../../documents/history'
import { ProjectState } from '../../documents/project'
import { pairInput, procedure, seenRevision } from './procedure'

export const historyProcedures = {
  annotate: procedure
    .input(pairInput.extend({ seen: seenRevision, run: RunKey, changes: RunAnnotationChanges }))
    .output(ProjectState),
  /** Deletes a run, which can be restored. It is rejected while a job of the pair runs. */
  delete: procedure.input(pairInput.extend({ run: RunKey })).output(ProjectState),
  restore: procedure.input(pairInput.extend({ deletion: z.uuid() })).output(ProjectState),
  destroy: procedure.input(pairInput.extend({ deletion: z.uuid() })).output(ProjectState)
}
