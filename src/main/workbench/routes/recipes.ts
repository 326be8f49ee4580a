import { randomUUID } from 'node:crypto'
import type { OtherCheckpoint } from '../../../contract/model/checkpoint'
import type { ProjectDocument } from '../../../contract/documents/project'
import { absolutePath } from '../../base/files/places'
import { inspectOther } from '../../checkpoint/other-checkpoint'
import { openPair } from '../../checkpoint/pair'
import { readMergekitRecipe } from '../../mergekit/read-recipe'
import { pairPaths } from '../../project/demo'
import {
  withCheckpoint,
  withCheckpointAt,
  withCheckpointBack,
  withCheckpointNamed,
  withoutCheckpoint
} from '../../project/kept-checkpoints'
import { withEdited, withKept, withoutRecipe, withRecipeBack, withRenamed } from '../../project/kept-recipes'
import { edited, route, type Routing } from './route'

/** Recipes that a project keeps. */
export function recipeRoutes(routing: Routing) {
  const { recipes } = route
  const { stateOf, withProject } = routing
  return recipes.router({
    keep: recipes.keep
      .use(withProject)
      .handler(async ({ context: { project }, input: { recipe, source } }) => {
        const id = randomUUID()
        const state = await edited(routing, project, (document) =>
          withKept(document, id, recipe, source, now())
        )
        return { id, project: state }
      }),
    edit: recipes.edit.use(withProject).handler(async ({ context: { project }, input }) => {
      const { id, seen, recipe, source } = input
      await project.editRecipe(id, seen, (document) => withEdited(document, id, recipe, source, now()))
      return stateOf(project)
    }),
    rename: recipes.rename
      .use(withProject)
      .handler(({ context: { project }, input: { id, name } }) =>
        edited(routing, project, (document) => withRenamed(document, id, name))
      ),
    remove: recipes.remove
      .use(withProject)
      .handler(({ context: { project }, input: { id } }) =>
        edited(routing, project, (document) => withoutRecipe(document, id))
      ),
    putBack: recipes.putBack
      .use(withProject)
      .handler(({ context: { project }, input: { kept, place } }) =>
        edited(routing, project, (document) => withRecipeBack(document, kept, place))
      ),
    readMergekit: recipes.readMergekit
      .use(withProject)
      .handler(async ({ context: { project }, input: { fileName, content } }) => {
        const { base, post } = pairPaths(project.document.pair)
        return readMergekitRecipe(content, fileName, await openPair(base, post))
      })
  })
}

/** Other checkpoints that a project keeps beside its pair. */
export function checkpointRoutes(routing: Routing) {
  const { checkpoints } = route
  const { withProject } = routing
  return checkpoints.router({
    add: checkpoints.add.use(withProject).handler(async ({ context: { project }, input: { folder } }) => {
      const found = await lookAt(project.document, absolutePath(folder))
      return edited(routing, project, (document) => withCheckpoint(document, randomUUID(), found))
    }),
    relocate: checkpoints.relocate
      .use(withProject)
      .handler(async ({ context: { project }, input: { id, folder } }) => {
        const found = await lookAt(project.document, absolutePath(folder))
        return edited(routing, project, (document) => withCheckpointAt(document, id, found))
      }),
    rename: checkpoints.rename
      .use(withProject)
      .handler(({ context: { project }, input: { id, name } }) =>
        edited(routing, project, (document) => withCheckpointNamed(document, id, name))
      ),
    remove: checkpoints.remove
      .use(withProject)
      .handler(({ context: { project }, input: { id } }) =>
        edited(routing, project, (document) => withoutCheckpoint(document, id))
      ),
    putBack: checkpoints.putBack
      .use(withProject)
      .handler(({ context: { project }, input: { kept, place } }) =>
        edited(routing, project, (document) => withCheckpointBack(document, kept, place))
      )
  })
}

const now = (): string => new Date().toISOString()

async function lookAt({ pair }: ProjectDocument, folder: string): Promise<OtherCheckpoint> {
  const { checkpoint } = await inspectOther(pairPaths(pair), folder)
  return { name: checkpoint.name, path: folder, fingerprint: checkpoint.fingerprint }
}
