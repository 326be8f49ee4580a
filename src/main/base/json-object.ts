import { turnsShown } from '../../contract/words/turned-text'
import { WorkbenchError } from '../../contract/model/problem'
import { parseJson } from './files/bounded-json'

/** Far more than any file but those of weights has. To build and look at so many takes a tenth of a second, in which nothing else is answered. */
const MAX_NAMES = 20_000

/**
 * Parses a JSON object in which no object names a key twice: parsers disagree on which of the two counts.
 *
 * @param what the file, and the part of it, for messages
 * @param names at most, of all objects in it
 * @throws WorkbenchError `bad-file`
 */
export function parseJsonObject(text: string, what: string, names = MAX_NAMES): Record<string, unknown> {
  const value = parseJson(text, what, { names })
  if (!isJsonObject(value)) throw new WorkbenchError('bad-file', `${what} is not a JSON object.`)
  refuseRepeatedKeys(text, what)
  return value
}

export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @param text valid JSON, so brackets match and a string before a colon is a key */
function refuseRepeatedKeys(text: string, what: string): void {
  /** The keys seen in each open object; null for an open list. */
  const open: (Set<string> | null)[] = []
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '{':
        open.push(new Set())
        break
      case '[':
        open.push(null)
        break
      case '}':
      case ']':
        open.pop()
        break
      case '"': {
        const end = endOfString(text, at)
        if (isBeforeColon(text, end)) {
          const key = keyOf(text.slice(at, end))
          const keys = open.at(-1)
          if (keys?.has(key) === true) {
            throw new WorkbenchError('bad-file', `${what} names ${quoteName(key)} twice.`)
          }
          keys?.add(key)
        }
        at = end - 1
      }
    }
  }
}

/** @param quoted a valid string of JSON */
function keyOf(quoted: string): string {
  return quoted.includes('\\') ? String(parseJson(quoted, 'a name')) : quoted.slice(1, -1)
}

/** One past the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function isBeforeColon(text: string, from: number): boolean {
  let at = from
  while (' \t\r\n'.includes(text[at] ?? ':')) at++
  return text[at] === ':'
}

/** A name from a file, safe to print: quoted, control characters escaped, what turns text around told by its number, and not endless. */
export function quoteName(name: string): string {
  return turnsShown(JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name))
}
