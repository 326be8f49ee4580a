import { realpath } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { OtherCheckpoint } from '../../contract/model/checkpoint'
import { modelName, publicModelName, resolveModelFolder } from '../checkpoint/model-folder'
import type { PairMembers } from '../checkpoint/pair-member'
import { absolutePath } from '../base/files/places'

/** Characters that mergekit reads as the start of a revision, and of an adapter. */
const SPECIAL = /[@+]/

/** A model in a mergekit file that an export writes. */
export interface WrittenReference {
  /** Its id and revision for a model of the Hugging Face cache, else its name, for a path would tell of this machine. */
  readonly reference: string
  /** Whether whoever runs mergekit has to put the model's folder in place of the name. */
  readonly isLocal: boolean
}

/** @returns null when mergekit would read the folder's name as something else */
export function mergekitReference(folder: string): WrittenReference | null {
  const name = modelName(folder)
  if (name.includes('/')) return { reference: `${name}@${basename(folder)}`, isLocal: false }
  const reference = publicModelName(folder)
  return SPECIAL.test(reference) ? null : { reference, isLocal: true }
}

/** A name that tells a model from another of the same name. */
export const withRole = (name: string, role: string): string => `${name}-${role}`

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
  const matchers: ((path: string, real: string | null, role: 'base' | 'post' | null) => boolean)[] = [
    (_path, real) => real !== null && places.includes(real),
    (path) => modelName(path) === wanted,
    (path) => publicModelName(path) === wanted,
    (path, _real, role) => role !== null && withRole(publicModelName(path), role) === wanted,
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
    const found = members.filter(({ model, path, real }) =>
      matches(path, real, typeof model === 'string' ? model : null)
    )
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
