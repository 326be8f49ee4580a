import type { OtherCheckpoint } from '../../contract/model/checkpoint'
import { freeName } from '../../contract/model/free-name'
import { modelPath } from '../base/files/paths'
import { folderModelName } from '../checkpoint/model-folder'
import { openOther } from '../checkpoint/other-checkpoint'
import { openPair } from '../checkpoint/pair'
import { demoCheckpoint } from '../project/demo'
import type { PairFolders } from '../crc/sweep/score-recipes'

/**
 * Opens the checkpoints that settings name.
 *
 * @param names names of the project's or the demo pair's checkpoints, or folders
 * @param folder start of relative paths
 * @returns the checkpoints, with unique names.
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
    const path = demoCheckpoint(folders, text) ?? modelPath(text, folder)
    const { checkpoint } = await openOther(post, path)
    const name = freeName(
      folderModelName(checkpoint.path),
      checkpoints.map((other) => other.name)
    )
    checkpoints.push({ name, path, fingerprint: checkpoint.fingerprint })
  }
  return checkpoints
}
