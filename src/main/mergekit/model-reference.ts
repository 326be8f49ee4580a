import { realpath } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { OtherCheckpoint } from '../../contract/model/checkpoint'
import { folderModelName, publicModelName, resolveModelFolder } from '../checkpoint/model-folder'
import type { PairMembers } from '../checkpoint/pair-member'
import { absolutePath } from '../base/files/paths'

/** Characters that begin a revision (`@`) and an adapter (`+`) in mergekit's name of a model. */
const SPECIAL = /[@+]/

/** A model in a mergekit file that an export writes. */
export interface WrittenReference {
  /**
   * Id and revision of a model in the Hugging Face cache, otherwise its name, because a path would reveal this
   * machine.
   */
  readonly reference: string
  /** True if the user of mergekit must replace the name by the model's folder. */
  readonly isLocal: boolean
}

/** Returns the reference to a model's folder; null if mergekit would misread its name. */
export function mergekitReference(folder: string): WrittenReference | null {
  const name = folderModelName(folder)
  if (name.includes('/')) return { reference: `${name}@${basename(folder)}`, isLocal: false }
  const reference = publicModelName(folder)
  return SPECIAL.test(reference) ? null : { reference, isLocal: true }
}

/** Tells models of the same name apart. @param role `base`, `post` or a number */
export const withRole = (name: string, role: string): string => `${name}-${role}`

/** Removes the revision from mergekit's name of a model, because the pair determines the snapshot. */
function withoutRevision(reference: string): string {
  return reference.split('@')[0] ?? reference
}

/** A model that a mergekit file merges: one of the pair, or another checkpoint. */
export type MergedModel = 'base' | 'post' | OtherCheckpoint

export const mergedName = (model: MergedModel): string => (typeof model === 'string' ? model : model.name)

/**
 * Finds the models that a mergekit file may mean: by path, or else by full name, or else by the last part of the name.
 *
 * @param file the mergekit file, to which paths may be relative
 */
export async function matchReference(
  reference: string,
  file: string,
  { base, post }: PairMembers,
  others: readonly OtherCheckpoint[]
): Promise<MergedModel[]> {
  const name = withoutRevision(reference)
  const folders = await foldersOf(name, file)
  // The first matcher that matches any model decides.
  const matchers: ((path: string, realPath: string | null, role: 'base' | 'post' | null) => boolean)[] = [
    (_path, realPath) => realPath !== null && folders.includes(realPath),
    (path) => folderModelName(path) === name,
    (path) => publicModelName(path) === name,
    (path, _realPath, role) => role !== null && withRole(publicModelName(path), role) === name,
    (path) => lastPart(folderModelName(path)) === lastPart(name)
  ]
  const candidates: { model: MergedModel; path: string }[] = [
    { model: 'base', path: base.checkpoint.path },
    { model: 'post', path: post.checkpoint.path },
    ...others.map((other) => ({ model: other, path: other.path }))
  ]
  const members = await Promise.all(
    candidates.map(async (candidate) => ({ ...candidate, realPath: await folderOrNull(candidate.path) }))
  )
  for (const matches of matchers) {
    const matching = members.filter(({ model, path, realPath }) =>
      matches(path, realPath, typeof model === 'string' ? model : null)
    )
    if (matching.length > 0) return matching.map(({ model }) => model)
  }
  return []
}

/** Lists the existing model folders that a reference names as a path: from the working folder, or from `file`. */
export async function foldersOf(reference: string, file: string): Promise<string[]> {
  const path = withoutRevision(reference)
  const folders = await Promise.all([
    folderOrNull(absolutePath(path)),
    folderOrNull(absolutePath(`${dirname(absolutePath(file))}/${path}`))
  ])
  return folders.filter((folder) => folder !== null)
}

function lastPart(name: string): string {
  return basename(name.replaceAll('\\', '/'))
}

async function folderOrNull(path: string): Promise<string | null> {
  return resolveModelFolder(path)
    .then((folder) => realpath(folder))
    .catch(() => null)
}
