import type { OtherCheckpoint } from '../../contract/model/checkpoint'
import { freeName } from '../../contract/model/free-name'
import { modelPath } from '../base/files/places'
import { folderModelName } from '../checkpoint/model-folder'
import { openOther } from '../checkpoint/other-checkpoint'
import { openPair } from '../checkpoint/pair'
import type { PairFolders } from '../crc/sweep/score-recipes'

/**
 * Opens the checkpoints that settings name. A name of a kept checkpoint stands for that one, any other for a folder.
 *
 * @param projectCheckpoints checkpoints that the project keeps for the pair.
 * @param folder folder that relative paths start from.
 * @returns the checkpoints under different names.
 * @throws WorkbenchError for a folder without a checkpoint of the pair's architecture
 */
export async function namedCheckpoints(
  names: readonly string[],
  folders: PairFolders,
  projectCheckpoints: readonly OtherCheckpoint[],
  folder?: string
): Promise<OtherCheckpoint[]> {
  if (names.length === 0) return []
  const { post } = await openPair(folders.base, folders.post)
  const checkpoints: OtherCheckpoint[] = []
  for (const text of names) {
    const named = projectCheckpoints.find(({ name }) => name === text)
    if (named !== undefined) {
      checkpoints.push(named)
      continue
    }
    const path = modelPath(text, folder)
    const { checkpoint } = await openOther(post, path)
    const name = freeName(
      folderModelName(checkpoint.path),
      checkpoints.map((other) => other.name)
    )
    checkpoints.push({ name, path, fingerprint: checkpoint.fingerprint })
  }
  return checkpoints
}
