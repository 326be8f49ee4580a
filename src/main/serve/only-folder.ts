import { realpath } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { ORPCError } from '@orpc/client'
import { absolutePath } from '../base/files/places'
import { WorkbenchError } from '../../contract/model/problem'

/** What procedures call folders and files of this machine, wherever it stands in their input. */
export const PATH_FIELDS: readonly string[] = [
  'path',
  'folder',
  'base',
  'post',
  'target',
  'start',
  'embeddingModel'
]

/** Refuses calls that name a place outside a folder, before anything is done. */
export function onlyWithin(folder: string) {
  return async <Result>({
    input,
    next
  }: {
    input: unknown
    next: () => Promise<Result>
  }): Promise<Result> => {
    try {
      for (const path of pathsIn(input)) await requireWithin(folder, path)
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error
      throw new ORPCError('WORKBENCH', { message: error.message, data: error.problem })
    }
    return next()
  }
}

/** @throws WorkbenchError `bad-input` when a path leads out of a folder, by `..` or by links too */
export async function requireWithin(folder: string, path: string): Promise<void> {
  const [allowed, asked] = [await realPlace(folder), await realPlace(absolutePath(path))]
  if (asked === allowed || asked.startsWith(allowed + sep)) return
  throw new WorkbenchError(
    'bad-input',
    `${path} lies outside ${folder}.`,
    'This workbench was started with --only: it reads and writes in that folder alone.'
  )
}

function pathsIn(input: unknown): string[] {
  const paths: string[] = []
  const waiting: unknown[] = [input]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value !== 'object' || value === null) continue
    for (const [name, member] of Object.entries(value)) {
      if (typeof member === 'string' && member !== '' && PATH_FIELDS.includes(name)) paths.push(member)
      else waiting.push(member)
    }
  }
  return paths
}

/** Where a path leads when links are followed; of what is not there, its folder. */
async function realPlace(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(await realPlace(parent), basename(path))
  }
}
