import { realpath } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { modelName, resolveModelFolder } from '../checkpoint/model-folder'
import type { PairMembers } from '../checkpoint/pair-member'

import { absolutePath } from '../base/files/places'

/** Characters that mergekit reads as the start of a revision, and of an adapter. */
const SPECIAL = /[@+]/

/**
 * How mergekit names a model: by its id and revision for one of the Hugging Face cache, else by its folder.
 *
 * @returns null when mergekit would read the folder's name as something else
 */
export function mergekitReference(folder: string): string | null {
  const name = modelName(folder)
  if (name.includes('/')) return `${name}@${basename(folder)}`
  return SPECIAL.test(folder) ? null : folder
}

/** What mergekit calls a model, without the revision: which snapshot of a model is meant is for the pair to say. */
function withoutRevision(reference: string): string {
  return reference.split('@')[0] ?? reference
}

/**
 * Which model of the pair a mergekit file means: the one at that path, or else the one of that full name, or else the
 * one whose folder is named so.
 *
 * @param file that names it: relative paths may start from its folder, or from where this program runs
 * @returns null when it means neither; `both` when it could be either
 */
export async function matchReference(
  reference: string,
  file: string,
  pair: PairMembers
): Promise<'base' | 'post' | 'both' | null> {
  const wanted = withoutRevision(reference)
  const places = await Promise.all([
    folderOrNull(absolutePath(wanted)),
    folderOrNull(absolutePath(`${dirname(absolutePath(file))}/${wanted}`))
  ])
  const matchers: ((path: string, real: string) => boolean)[] = [
    (_path, real) => places.includes(real),
    (path) => modelName(path) === wanted,
    (path) => lastPart(modelName(path)) === lastPart(wanted)
  ]
  const { base, post } = pair
  const members = await Promise.all(
    [['base', base] as const, ['post', post] as const].map(async ([origin, { checkpoint }]) => {
      return { origin, path: checkpoint.path, real: await realpath(checkpoint.path) }
    })
  )
  for (const matches of matchers) {
    const found = members.filter(({ path, real }) => matches(path, real))
    if (found.length > 1) return 'both'
    if (found[0] !== undefined) return found[0].origin
  }
  return null
}

function lastPart(name: string): string {
  return basename(name.replaceAll('\\', '/'))
}

async function folderOrNull(path: string): Promise<string | null> {
  return resolveModelFolder(path)
    .then((folder) => realpath(folder))
    .catch(() => null)
}
