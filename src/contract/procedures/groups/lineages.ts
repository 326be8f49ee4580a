import { LineageDocument, LineageEvent } from '../../documents/lineage'
import { SweepPlan } from '../../documents/sweep-plan'
import { LineageSettings } from '../../work/settings'
import { jobProcedures, pairInput, procedure } from './procedure'

/** Calls about lineages, which `work.add` queues. */
export const lineageProcedures = {
  /** Returns the work, memory and time that a lineage still needs; null if all its results exist. */
  plan: procedure.input(pairInput.extend({ settings: LineageSettings })).output(SweepPlan.nullable()),
  ...jobProcedures(LineageEvent),
  /** Returns the newest lineage of the pair. */
  get: procedure.input(pairInput).output(LineageDocument.nullable())
}
