import { freeName } from '../../../contract/model/free-name'
import type { OtherCheckpoint } from '../../../contract/model/checkpoint'
import type { KeptCheckpoint, PairDocument } from '../../../contract/documents/project'
import { weightsKey } from '../../../contract/model/model'
import { withSources } from '../../../contract/model/strengths'
import { changedIn } from './kept-list'

/* Functions that return a pair's list of other checkpoints with a change. `nextMark` counts the badges on charts. */

type Checkpoints = Pick<PairDocument, 'otherCheckpoints' | 'recipes' | 'nextMark'>
type NewCheckpoints = Pick<Checkpoints, 'otherCheckpoints' | 'nextMark'>
/** Checkpoints, and recipes that were updated because they have layers of a changed checkpoint. */
type ChangedCheckpoints = Pick<Checkpoints, 'otherCheckpoints' | 'recipes'>

/** Adds a checkpoint. If the list has one of the same folder, that one is updated instead. */
export function withCheckpoint(
  checkpoints: Checkpoints,
  id: string,
  { name, path, fingerprint }: OtherCheckpoint
): NewCheckpoints & Partial<ChangedCheckpoints> {
  const { otherCheckpoints, nextMark } = checkpoints
  const existing = otherCheckpoints.find((checkpoint) => checkpoint.path === path)
  if (existing !== undefined) {
    return { nextMark, ...withCheckpointAt(checkpoints, existing.id, { path, fingerprint }) }
  }
  const added = { id, mark: nextMark, name: freeName(name, namesOf(otherCheckpoints)), path, fingerprint }
  return { otherCheckpoints: [...otherCheckpoints, added], nextMark: nextMark + 1 }
}

/** Changes folder or fingerprint of a checkpoint, also in recipes. @throws WorkbenchError `not-found` */
export const withCheckpointAt = (
  checkpoints: Checkpoints,
  id: string,
  { path, fingerprint }: Pick<OtherCheckpoint, 'path' | 'fingerprint'>
): ChangedCheckpoints => withChanged(checkpoints, id, (kept) => ({ ...kept, path, fingerprint }))

/** Renames a checkpoint, also in recipes. @throws WorkbenchError `not-found` */
export const withCheckpointNamed = (checkpoints: Checkpoints, id: string, name: string): ChangedCheckpoints =>
  withChanged(checkpoints, id, (kept, others) => ({ ...kept, name: freeName(name, namesOf(others)) }))

/** Changes a checkpoint, and its copies in recipes that take layers from it. */
function withChanged(
  { otherCheckpoints: before, recipes }: Checkpoints,
  id: string,
  change: (kept: KeptCheckpoint, others: readonly KeptCheckpoint[]) => KeptCheckpoint
): ChangedCheckpoints {
  const otherCheckpoints = changedIn(before, id, 'checkpoint', change)
  const earlier = before.find((checkpoint) => checkpoint.id === id)
  const current = otherCheckpoints.find((checkpoint) => checkpoint.id === id)
  if (earlier === undefined || current === undefined) return { otherCheckpoints, recipes }
  const { name, path, fingerprint } = current
  const changedSource = (source: OtherCheckpoint): OtherCheckpoint =>
    source.path === earlier.path && source.fingerprint === earlier.fingerprint ? { name, path, fingerprint } : source
  return {
    otherCheckpoints,
    recipes: recipes.map((kept) => {
      const recipe = withSources(kept.recipe, changedSource)
      const sameWeights = weightsKey({ kind: 'recipe', recipe }) === weightsKey({ kind: 'recipe', recipe: kept.recipe })
      // The scores of a recipe are removed if its weights changed.
      return sameWeights ? { ...kept, recipe } : { ...kept, recipe, sweepId: null, validity: null, diversity: null }
    })
  }
}

export const withoutCheckpoint = (
  { otherCheckpoints }: Checkpoints,
  id: string
): Pick<Checkpoints, 'otherCheckpoints'> => ({
  otherCheckpoints: otherCheckpoints.filter((checkpoint) => checkpoint.id !== id)
})

const namesOf = (checkpoints: readonly KeptCheckpoint[]): string[] => checkpoints.map(({ name }) => name)
