import { existsSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import type { PairLocation } from '../../contract/documents/project'
import type { OtherCheckpoint } from '../../contract/model/checkpoint'
import { absolutePath, modelPath } from '../base/files/places'
import { modelName } from '../checkpoint/model-folder'
import { openOther } from '../checkpoint/other-checkpoint'
import { openPair } from '../checkpoint/pair'
import type { PairFolders } from '../crc/sweep/score-recipes'
import type { StudyPair } from './study-file'

/* Files and model folders that a study names. */

/** Returns the path of a file that a study names, which may be relative to the study's folder. */
export function fileOfStudy(folder: string, typed: string): string {
  return isAbsolute(typed) || typed.startsWith('~') ? absolutePath(typed) : join(folder, typed)
}

/** Returns the path of a model that a study names: a folder, or a name in the Hugging Face cache. */
export function modelOfStudy(folder: string, typed: string): string {
  const beside = fileOfStudy(folder, typed)
  const named = modelPath(typed)
  // A name that is not in the cache became a path relative to the working directory.
  return existsSync(beside) || named === absolutePath(typed) ? beside : named
}

export function locationOf(folder: string, { demo, base = '', post = '' }: StudyPair): PairLocation {
  if (demo === true) return { kind: 'demo' }
  return { kind: 'folders', base: modelOfStudy(folder, base), post: modelOfStudy(folder, post) }
}

/**
 * Opens another checkpoint of a pair's architecture, with its current fingerprint.
 *
 * @param path path of its folder
 * @throws WorkbenchError as `openOther`
 */
export async function otherOfPair(path: string, pair: PairFolders): Promise<OtherCheckpoint> {
  const { post } = await openPair(pair.base, pair.post)
  const { checkpoint } = await openOther(post, path)
  return { name: modelName(checkpoint.path), path, fingerprint: checkpoint.fingerprint }
}
