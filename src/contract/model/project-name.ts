import { isReservedName } from './reserved-name'

/** File systems take 255 bytes per name; this leaves room for the suffix. */
const MAX_NAME_BYTES = 200

const RULES = [
  { broken: (name) => name === '', complaint: 'is empty' },
  {
    broken: (name) => new TextEncoder().encode(name).length > MAX_NAME_BYTES,
    complaint: `is longer than ${MAX_NAME_BYTES} bytes`
  },
  { broken: (name) => /[/\\]/.test(name), complaint: 'holds a path separator' },
  { broken: (name) => /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(name), complaint: 'holds a control character' },
  { broken: (name) => name.startsWith('.'), complaint: 'starts with a dot' },
  // What follows holds on Windows only, but projects are passed on.
  { broken: (name) => /[<>:"|?*]/.test(name), complaint: 'holds one of < > : " | ? *' },
  { broken: isReservedName, complaint: 'is reserved by Windows' },
  { broken: (name) => /\.$/.test(name), complaint: 'ends with a dot' }
] satisfies { broken: (name: string) => boolean; complaint: string }[]

/** A project's name as the user typed it, without white space around it and without the folder's suffix. */
export const tidyProjectName = (typed: string): string =>
  typed
    .trim()
    .replace(/\.slr$/i, '')
    .trim()

/** Why no folder can have this name, as "holds a path separator"; null when one can. */
export function projectNameComplaint(typed: string): string | null {
  const name = tidyProjectName(typed)
  return RULES.find(({ broken }) => broken(name))?.complaint ?? null
}
