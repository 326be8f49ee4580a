import { freeName } from '../../contract/model/free-name'
import type { OtherCheckpoint } from '../../contract/model/checkpoint'
import type { KeptCheckpoint, PairDocument } from '../../contract/documents/project'
import { changedIn, putBackIn } from './kept-list'

type Checkpoints = Pick<PairDocument, 'otherCheckpoints' | 'nextMark'>
type Changed = Pick<Checkpoints, 'otherCheckpoints'>

/** With one more, whose name gets a number where it is taken; or the one of that folder as it is now. */
export function withCheckpoint(
  { otherCheckpoints, nextMark }: Checkpoints,
  id: string,
  { name, path, fingerprint }: OtherCheckpoint
): Checkpoints {
  const known = otherCheckpoints.find((checkpoint) => checkpoint.path === path)
  if (known !== undefined) {
    return { nextMark, ...withCheckpointAt({ otherCheckpoints, nextMark }, known.id, { path, fingerprint }) }
  }
  const added = { id, mark: nextMark, name: freeName(name, namesOf(otherCheckpoints)), path, fingerprint }
  return { otherCheckpoints: [...otherCheckpoints, added], nextMark: nextMark + 1 }
}

/** With another folder or fingerprint for one. @throws WorkbenchError `not-found` when the project has it no more */
export const withCheckpointAt = (
  { otherCheckpoints }: Checkpoints,
  id: string,
  { path, fingerprint }: Pick<OtherCheckpoint, 'path' | 'fingerprint'>
): Changed => ({
  otherCheckpoints: changedIn(otherCheckpoints, id, 'checkpoint', (kept) => ({ ...kept, path, fingerprint }))
})

/** @throws WorkbenchError as {@link withCheckpointAt} */
export const withCheckpointNamed = (
  { otherCheckpoints }: Checkpoints,
  id: string,
  name: string
): Changed => ({
  otherCheckpoints: changedIn(otherCheckpoints, id, 'checkpoint', (kept, others) => ({
    ...kept,
    name: freeName(name, namesOf(others))
  }))
})

/** Without one, whether it was there or not. */
export const withoutCheckpoint = ({ otherCheckpoints }: Checkpoints, id: string): Changed => ({
  otherCheckpoints: otherCheckpoints.filter((checkpoint) => checkpoint.id !== id)
})

/** With a removed one in its place again. @throws WorkbenchError as `putBackIn` */
export const withCheckpointBack = (
  { otherCheckpoints, nextMark }: Checkpoints,
  kept: KeptCheckpoint,
  place: number
): Changed => {
  const back = { ...kept, name: freeName(kept.name, namesOf(otherCheckpoints)) }
  return { otherCheckpoints: putBackIn(otherCheckpoints, back, place, nextMark) }
}

const namesOf = (checkpoints: readonly KeptCheckpoint[]): string[] => checkpoints.map(({ name }) => name)
