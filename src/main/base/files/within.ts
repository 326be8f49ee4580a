import { sep } from 'node:path'

/** Whether `path` is the folder or lies below it. Both are absolute; the root of a drive ends in a separator already. */
export function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}
