import { z } from 'zod'
import { KeptCheckpoint, KeptRecipe, ProjectState, RecipeSource } from '../../documents/project'
import { KeptId } from '../../model/kept'
import { Recipe } from '../../model/recipe'
import { folderPath, ofPair, place, procedure, seen } from './procedure'

const oneKept = ofPair.extend({ id: KeptId })

export const recipeProcedures = {
  /** Keeps a recipe; a name that is taken gets a number, since sweeps and samples report recipes by name. */
  keep: procedure
    .input(ofPair.extend({ recipe: Recipe, source: RecipeSource }))
    .output(z.object({ id: KeptId, project: ProjectState })),
  /** Puts another recipe in the place of a kept one, which stays who it is. */
  edit: procedure.input(oneKept.extend({ seen, recipe: Recipe, source: RecipeSource })).output(ProjectState),
  rename: procedure.input(oneKept.extend({ name: Recipe.options[0].shape.name })).output(ProjectState),
  remove: procedure.input(oneKept).output(ProjectState),
  putBack: procedure.input(ofPair.extend({ kept: KeptRecipe, place })).output(ProjectState),
  /** Reads the text of a mergekit file over the project's two models; refused where it says more than a recipe can. */
  readMergekit: procedure
    .input(ofPair.extend({ fileName: z.string().min(1).max(1000), content: z.string().max(5_000_000) }))
    .output(Recipe)
}

export const checkpointProcedures = {
  /** Adds what lies in a folder, under its name, or takes it as it is now where the project has that folder already. */
  add: procedure.input(ofPair.extend({ folder: folderPath })).output(ProjectState),
  /** Names the folder where a checkpoint is now, and takes what lies there for it. */
  relocate: procedure.input(oneKept.extend({ folder: folderPath })).output(ProjectState),
  rename: procedure.input(oneKept.extend({ name: KeptCheckpoint.shape.name })).output(ProjectState),
  remove: procedure.input(oneKept).output(ProjectState),
  putBack: procedure.input(ofPair.extend({ kept: KeptCheckpoint, place })).output(ProjectState)
}
