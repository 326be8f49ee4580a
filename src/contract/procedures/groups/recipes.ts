import { z } from 'zod'
import { KeptCheckpoint, ProjectState, RecipeSource } from '../../documents/project'
import { KeptId } from '../../model/kept'
import { Recipe } from '../../model/recipe'
import { folderPath, pairInput, procedure, seenRevision } from './procedure'

/** Input that names one kept recipe or checkpoint of a pair. */
const oneKept = pairInput.extend({ id: KeptId })

export const recipeProcedures = {
  /** Keeps a recipe. A number is added to a name that is already used. */
  keep: procedure
    .input(pairInput.extend({ recipe: Recipe, source: RecipeSource }))
    .output(z.object({ id: KeptId, project: ProjectState })),
  edit: procedure
    .input(oneKept.extend({ seen: seenRevision, recipe: Recipe, source: RecipeSource }))
    .output(ProjectState),
  rename: procedure.input(oneKept.extend({ name: Recipe.options[0].shape.name })).output(ProjectState),
  remove: procedure.input(oneKept).output(ProjectState),
  /** Reads the text of a mergekit file over the project's two models as recipes. */
  readMergekit: procedure
    .input(pairInput.extend({ fileName: z.string().min(1).max(1000), content: z.string().max(5_000_000) }))
    .output(Recipe)
}

export const checkpointProcedures = {
  /** Adds the checkpoint in a folder, or updates it. */
  add: procedure.input(pairInput.extend({ folder: folderPath })).output(ProjectState),
  /** Sets the current folder of a checkpoint, and stores the checkpoint found there. */
  relocate: procedure.input(oneKept.extend({ folder: folderPath })).output(ProjectState),
  rename: procedure.input(oneKept.extend({ name: KeptCheckpoint.shape.name })).output(ProjectState),
  remove: procedure.input(oneKept).output(ProjectState)
}
