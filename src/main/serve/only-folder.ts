import { ORPCError } from '@orpc/client'
import { requireWithin } from '../base/files/only-folder'
import { WorkbenchError } from '../../contract/model/problem'

/** Fields of procedure inputs that contain folders and files of this machine, at any depth. */
export const PATH_FIELDS: readonly string[] = [
  'path',
  'folder',
  'base',
  'post',
  'target',
  'start',
  'embeddingModel',
  'classifier'
]

/** Refuses calls with a path outside a folder before anything is done. */
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

function pathsIn(input: unknown): string[] {
  const paths: string[] = []
  const pending: unknown[] = [input]
  while (pending.length > 0) {
    const value = pending.pop()
    if (typeof value !== 'object' || value === null) continue
    for (const [name, member] of Object.entries(value)) {
      if (typeof member === 'string' && member !== '' && PATH_FIELDS.includes(name)) paths.push(member)
      else pending.push(member)
    }
  }
  return paths
}
