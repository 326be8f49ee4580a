import { sep } from 'node:path'

/**
 * Reports whether `path` is the folder or lies below it. Both are absolute; the root of a drive already ends
 * in a separator.
 */
export function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}
