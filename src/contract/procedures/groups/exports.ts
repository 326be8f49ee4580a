import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { Recipe } from '../../model/recipe'
import { ExportEvent, ExportPlan } from '../export'
import { folderPath, pairInput, procedure } from './procedure'

export const exportProcedures = {
  /** Returns the files that an export would write, and whether `target` can be written. */
  plan: procedure
    .input(pairInput.extend({ recipe: Recipe, target: folderPath.nullable() }))
    .output(ExportPlan),
  /**
   * Starts an export. It is rejected while the project has a running export. The export continues if the window
   * closes.
   */
  start: procedure
    .input(pairInput.extend({ recipe: Recipe, target: folderPath, overwrite: z.boolean() }))
    .output(z.object({ exportId: z.string() })),
  /** Follows the running export. It ends at once if none runs. Aborting stops watching, not the export. */
  watch: procedure.input(pairInput).output(eventIterator(ExportEvent)),
  cancel: procedure.input(pairInput).output(z.void())
}
