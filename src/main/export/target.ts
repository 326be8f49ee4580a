import { access, constants, mkdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { TargetState } from '../../contract/procedures/export'
import { inputError, mismatchError, notFoundError } from '../../contract/model/problem'
import { isReservedName } from '../../contract/model/reserved-name'
import { systemWords } from '../base/files/bounded-file'
import { errorCode, writeProblem } from '../base/files/atomic-file'
import { isFolder } from '../base/files/path-kinds'
import { freeBytes } from '../base/files/room'
import { absolutePath, projectsFolder } from '../base/files/paths'
import { isWithin } from '../base/files/within'
import type { PairMember, SourcedPair } from '../checkpoint/pair-member'
import { holdsOnlyModel } from './replaceable'

/**
 * Makes sure that an export can be written, before anything is written.
 *
 * @param typed path of the target, whose parent must exist. The target is missing, empty, or a model to be replaced
 * @param names names of the files that the export writes or copies
 */
export async function inspectTarget(
  typed: string,
  pair: SourcedPair,
  names: ReadonlySet<string>
): Promise<TargetState> {
  const requested = absolutePath(typed)
  const name = basename(requested)
  if (isReservedName(name)) {
    throw inputError(
      `The name ${JSON.stringify(name)} is reserved by Windows.`,
      'Name the folder otherwise: models are passed on, and no folder can have this name there.'
    )
  }
  const parent = dirname(requested)
  // The window proposes this folder, which the first project in it creates.
  if (parent === projectsFolder()) await mkdir(parent, { recursive: true }).catch(() => undefined)
  if (!(await isFolder(parent))) {
    throw notFoundError(`${requested} cannot be written: there is no folder ${parent}.`)
  }
  const existing = await realPathOrNull(requested)
  const path = existing ?? join(await realpath(parent), name)
  await refuseOverlap(path, pair)
  const exists = existing !== null && (await holdsModel(path, names))
  try {
    await access(dirname(path), constants.W_OK)
  } catch (error) {
    throw writeProblem(path, error)
  }
  return { path, exists, freeBytes: await freeBytes(dirname(path)) }
}

/** Refuses a target with a model, unless it may be replaced. @throws WorkbenchError `bad-input` */
export function refuseExisting({ path, exists }: Pick<TargetState, 'path' | 'exists'>, overwrite: boolean): void {
  if (!exists || overwrite) return
  throw inputError(`${path} holds a model already.`, 'Choose another folder, or allow it to be replaced (--overwrite).')
}

/**
 * Refuses a target folder that is, contains or lies in a source model, because replacing it would delete the source.
 */
async function refuseOverlap(path: string, { base, post, others }: SourcedPair): Promise<void> {
  const members: [string, PairMember][] = [
    ['base', base],
    ['post', post],
    ...[...others.values()].map((other): [string, PairMember] => ['a checkpoint that it is made of', other])
  ]
  for (const [label, { checkpoint }] of members) {
    const sources = [checkpoint.path, ...checkpoint.files.map((file) => file.path)]
    for (const source of await Promise.all(sources.map((each) => realpath(each)))) {
      if (!isWithin(path, source) && !isWithin(source, path)) continue
      throw mismatchError(`${path} overlaps with ${label} (${source}).`, 'Choose another folder for the export.')
    }
  }
}

/** Reports whether the target contains a model; false if it is empty. @throws WorkbenchError for other contents */
async function holdsModel(path: string, names: ReadonlySet<string>): Promise<boolean> {
  if (!(await stat(path)).isDirectory()) {
    throw inputError(`${path} is not a folder.`, 'Name a folder that does not exist yet.')
  }
  return holdsOnlyModel(path, names)
}

async function realPathOrNull(path: string): Promise<string | null> {
  try {
    return await realpath(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw inputError(`${path} cannot be used: ${systemWords(error)}.`)
  }
}
