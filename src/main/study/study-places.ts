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

/** A file that a study names, which may be told from the folder that the study lies in. */
export function fileOfStudy(folder: string, typed: string): string {
  return isAbsolute(typed) || typed.startsWith('~') ? absolutePath(typed) : join(folder, typed)
}

/** A model that a study names: a folder, or its name in the Hugging Face cache. */
export function modelOfStudy(folder: string, typed: string): string {
  const beside = fileOfStudy(folder, typed)
  const named = modelPath(typed)
  // Where the cache has none, it was made a path from where the program runs.
  return existsSync(beside) || named === absolutePath(typed) ? beside : named
}

export function locationOf(folder: string, { demo, base = '', post = '' }: StudyPair): PairLocation {
  if (demo === true) return { kind: 'demo' }
  return { kind: 'folders', base: modelOfStudy(folder, base), post: modelOfStudy(folder, post) }
}

/**
 * Another checkpoint of a pair's architecture, as it is now.
 *
 * @param path of its folder
 * @throws WorkbenchError as `openOther`
 */
export async function otherOfPair(path: string, pair: PairFolders): Promise<OtherCheckpoint> {
  const { post } = await openPair(pair.base, pair.post)
  const { checkpoint } = await openOther(post, path)
  return { name: modelName(checkpoint.path), path, fingerprint: checkpoint.fingerprint }
}
