import { realpath } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { OtherCheckpoint } from '../../contract/model/checkpoint'
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

/** A model that a recipe can be made of. */
export type MergedModel = 'base' | 'post' | OtherCheckpoint

/** What a model is called in messages. */
export const mergedName = (model: MergedModel): string => (typeof model === 'string' ? model : model.name)

/**
 * Which of the models a mergekit file means: those at that path, or else those of that full name, or else those whose folder is
 * named so.
 *
 * @param file that names it: relative paths may start from its folder, or from where this program runs
 * @returns several where it could be any of them
 */
export async function matchReference(
  reference: string,
  file: string,
  { base, post }: PairMembers,
  others: readonly OtherCheckpoint[]
): Promise<MergedModel[]> {
  const wanted = withoutRevision(reference)
  const places = await foldersOf(wanted, file)
  const matchers: ((path: string, real: string | null) => boolean)[] = [
    (_path, real) => real !== null && places.includes(real),
    (path) => modelName(path) === wanted,
    (path) => lastPart(modelName(path)) === lastPart(wanted)
  ]
  const candidates: { model: MergedModel; path: string }[] = [
    { model: 'base', path: base.checkpoint.path },
    { model: 'post', path: post.checkpoint.path },
    ...others.map((other) => ({ model: other, path: other.path }))
  ]
  const members = await Promise.all(
    candidates.map(async (candidate) => ({ ...candidate, real: await folderOrNull(candidate.path) }))
  )
  for (const matches of matchers) {
    const found = members.filter(({ path, real }) => matches(path, real))
    if (found.length > 0) return found.map(({ model }) => model)
  }
  return []
}

/** The folders that a mergekit file may mean, and that are there. */
export async function foldersOf(reference: string, file: string): Promise<string[]> {
  const wanted = withoutRevision(reference)
  const places = await Promise.all([
    folderOrNull(absolutePath(wanted)),
    folderOrNull(absolutePath(`${dirname(absolutePath(file))}/${wanted}`))
  ])
  return places.filter((place) => place !== null)
}

function lastPart(name: string): string {
  return basename(name.replaceAll('\\', '/'))
}

async function folderOrNull(path: string): Promise<string | null> {
  return resolveModelFolder(path)
    .then((folder) => realpath(folder))
    .catch(() => null)
}
