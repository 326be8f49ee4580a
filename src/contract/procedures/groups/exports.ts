import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { Recipe } from '../../model/recipe'
import { ExportEvent, ExportPlan } from '../export'
import { folderPath, ofPair, procedure } from './procedure'

export const exportProcedures = {
  /** Returns the files that an export would write, and whether `target` can be written. */
  plan: procedure.input(ofPair.extend({ recipe: Recipe, target: folderPath.nullable() })).output(ExportPlan),
  /**
   * Starts an export. It is rejected while the project has a running export. The export continues if the window
   * closes.
   */
  start: procedure
    .input(ofPair.extend({ recipe: Recipe, target: folderPath, overwrite: z.boolean() }))
    .output(z.object({ exportId: z.string() })),
  /** Follows the running export. It ends at once if none runs. Aborting stops watching, not the export. */
  watch: procedure.input(ofPair).output(eventIterator(ExportEvent)),
  cancel: procedure.input(ofPair).output(z.void())
}
