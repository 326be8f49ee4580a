import { sep } from 'node:path'

/** Reports whether a path is a folder or lies in it, by comparing the absolute paths as texts. */
export function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}
