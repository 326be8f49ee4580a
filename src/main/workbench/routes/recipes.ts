import { randomUUID } from 'node:crypto'
import type { OtherCheckpoint } from '../../../contract/model/checkpoint'
import type { PairDocument } from '../../../contract/documents/project'
import { modelPath } from '../../base/files/paths'
import { inspectOther } from '../../checkpoint/other-checkpoint'
import { openPair } from '../../checkpoint/pair'
import { readMergekitRecipe } from '../../mergekit/read-recipe'
import { pairPaths } from '../../project/demo'
import {
  withCheckpoint,
  withCheckpointAt,
  withCheckpointNamed,
  withoutCheckpoint
} from '../../project/pair/kept-checkpoints'
import { withEdited, withKept, withoutRecipe, withRenamed } from '../../project/pair/kept-recipes'
import { editDocument, editHandler, route, type Routing } from './route'

export function recipeRoutes(routing: Routing) {
  const { recipes } = route
  const { stateOf, withPair } = routing
  const edit = editHandler(routing)
  return recipes.router({
    keep: recipes.keep.use(withPair).handler(async ({ context: { pair }, input: { recipe, source } }) => {
      const id = randomUUID()
      const state = await editDocument(routing, pair, (document) => withKept(document, id, recipe, source, now()))
      return { id, project: state }
    }),
    edit: recipes.edit.use(withPair).handler(async ({ context: { pair }, input }) => {
      const { id, seen, recipe, source } = input
      const change = await pair.editRecipe(id, seen, (document) => withEdited(document, id, recipe, source, now()))
      return stateOf(pair, change)
    }),
    rename: recipes.rename.use(withPair).handler(edit((document, { id, name }) => withRenamed(document, id, name))),
    remove: recipes.remove.use(withPair).handler(edit((document, { id }) => withoutRecipe(document, id))),
    readMergekit: recipes.readMergekit
      .use(withPair)
      .handler(async ({ context: { pair }, input: { fileName, content } }) => {
        const { location, otherCheckpoints } = pair.document
        const { base, post } = pairPaths(location)
        const others = otherCheckpoints.map(({ name, path, fingerprint }) => ({ name, path, fingerprint }))
        return readMergekitRecipe(content, fileName, await openPair(base, post), others)
      })
  })
}

export function checkpointRoutes(routing: Routing) {
  const { checkpoints } = route
  const { withPair } = routing
  const edit = editHandler(routing)
  return checkpoints.router({
    add: checkpoints.add.use(withPair).handler(async ({ context: { pair }, input: { folder } }) => {
      const checkpoint = await openedCheckpoint(pair.document, modelPath(folder))
      return editDocument(routing, pair, (document) => withCheckpoint(document, randomUUID(), checkpoint))
    }),
    relocate: checkpoints.relocate.use(withPair).handler(async ({ context: { pair }, input: { id, folder } }) => {
      const checkpoint = await openedCheckpoint(pair.document, modelPath(folder))
      return editDocument(routing, pair, (document) => withCheckpointAt(document, id, checkpoint))
    }),
    rename: checkpoints.rename
      .use(withPair)
      .handler(edit((document, { id, name }) => withCheckpointNamed(document, id, name))),
    remove: checkpoints.remove.use(withPair).handler(edit((document, { id }) => withoutCheckpoint(document, id)))
  })
}

const now = (): string => new Date().toISOString()

/** Reads a checkpoint of the pair's architecture from a folder. */
async function openedCheckpoint({ location }: PairDocument, folder: string): Promise<OtherCheckpoint> {
  const { checkpoint } = await inspectOther(pairPaths(location), folder)
  return { name: checkpoint.name, path: folder, fingerprint: checkpoint.fingerprint }
}
