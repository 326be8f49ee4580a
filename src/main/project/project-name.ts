import { WorkbenchError } from '../../contract/model/problem'
import { isReservedName } from '../../contract/model/reserved-name'

export const PROJECT_SUFFIX = '.slr'

/** File systems take 255 bytes per name; this leaves room for the suffix. */
const MAX_NAME_BYTES = 200

const RULES = [
  { broken: (name) => name === '', complaint: 'is empty' },
  {
    broken: (name) => Buffer.byteLength(name) > MAX_NAME_BYTES,
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

/**
 * A project's name as the user typed it, without white space around it and without the folder's suffix.
 *
 * @throws WorkbenchError `bad-input` when no folder can have this name
 */
export function projectName(typed: string): string {
  const name = typed
    .trim()
    .replace(/\.slr$/i, '')
    .trim()
  const rule = RULES.find(({ broken }) => broken(name))
  if (rule === undefined) return name
  throw new WorkbenchError(
    'bad-input',
    `The project name ${JSON.stringify(typed)} ${rule.complaint}.`,
    'Choose a name that can be a folder: letters, digits, spaces, - and _.'
  )
}
