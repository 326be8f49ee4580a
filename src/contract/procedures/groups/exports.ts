import { z } from 'zod'
import { RankEvent } from '../../documents/rank-table'
import { Recipe } from '../../model/recipe'
import { ExportEvent, ExportPlan, ExportResult, LowRankAdapter } from '../export'
import { ServedRecipe, ServingEvent } from '../served-models'
import { folderPath, jobProcedures, pairInput, procedure } from './procedure'

const exportInput = pairInput.extend({
  recipe: Recipe,
  adapterRank: LowRankAdapter.shape.rank.nullable().default(null)
})

export const exportProcedures = {
  plan: procedure.input(exportInput.extend({ target: folderPath.nullable() })).output(ExportPlan),
  /** Starts an export, which continues if the window closes. */
  start: procedure.input(exportInput.extend({ target: folderPath, overwrite: z.boolean() })).output(z.void()),
  /** Returns the result of the pair's last export since the program started; null for none, and once another begins. */
  last: procedure.input(pairInput).output(ExportResult.nullable()),
  ...jobProcedures(ExportEvent)
}

/** Scores of a recipe as adapters of several ranks. */
export const rankProcedures = {
  /** Starts scoring. It is rejected while a job of the project uses the engine. */
  start: procedure.input(pairInput.extend({ recipe: Recipe })).output(z.void()),
  ...jobProcedures(RankEvent)
}

/** A server of base, post and a recipe for programs on this machine. */
export const servingProcedures = {
  /** Starts the server, which continues if the window closes, and ends with its project. */
  start: procedure.input(pairInput.extend(ServedRecipe.shape)).output(z.void()),
  ...jobProcedures(ServingEvent)
}
