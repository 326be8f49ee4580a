import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { Recipe } from '../../model/recipe'
import { ExportEvent, ExportPlan } from '../export'
import { folderPath, ofPair, procedure } from './procedure'

export const exportProcedures = {
  /** What an export would write, file by file, and whether it can be written at `target`. */
  plan: procedure.input(ofPair.extend({ recipe: Recipe, target: folderPath.nullable() })).output(ExportPlan),
  /** Starts writing; refused while the project is being exported already. It outlives the window. */
  start: procedure
    .input(ofPair.extend({ recipe: Recipe, target: folderPath, overwrite: z.boolean() }))
    .output(z.object({ exportId: z.string() })),
  /** Follows the running export; ends at once when none runs. Aborting stops the watching, not the export. */
  watch: procedure.input(ofPair).output(eventIterator(ExportEvent)),
  cancel: procedure.input(ofPair).output(z.void())
}
