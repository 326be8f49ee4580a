import { showDirectionCharacters } from '../../contract/words/direction-characters'
import { fileError } from '../../contract/model/problem'
import { parseJson } from './files/bounded-json'

/** Most member names in a text, far above the number in any file except weights. */
const MAX_NAMES = 20_000

/** Parses a JSON object, and refuses repeated keys. @param what name in errors @param names maximum number of names */
export function parseJsonObject(text: string, what: string, names = MAX_NAMES): Record<string, unknown> {
  const value = parseJson(text, what, { names })
  if (!isJsonObject(value)) throw fileError(`${what} is not a JSON object.`)
  refuseRepeatedKeys(text, what)
  return value
}

export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Refuses repeated keys. @param text valid JSON */
function refuseRepeatedKeys(text: string, what: string): void {
  /** Keys of each open object; null for an open list. */
  const open: (Set<string> | null)[] = []
  for (let position = 0; position < text.length; position++) {
    switch (text[position]) {
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
        const end = endOfString(text, position)
        if (isBeforeColon(text, end)) {
          const key = keyOf(text.slice(position, end))
          const keys = open.at(-1)
          if (keys?.has(key) === true) {
            throw fileError(`${what} names ${quoteName(key)} twice.`)
          }
          keys?.add(key)
        }
        position = end - 1
      }
    }
  }
}

/** Decodes a key. @param quoted a valid string of JSON */
function keyOf(quoted: string): string {
  return quoted.includes('\\') ? String(parseJson(quoted, 'a name')) : quoted.slice(1, -1)
}

/** Finds the position after the closing quote of the string at `start`. */
function endOfString(text: string, start: number): number {
  let position = start + 1
  while (text[position] !== '"') position += text[position] === '\\' ? 2 : 1
  return position + 1
}

function isBeforeColon(text: string, from: number): boolean {
  let position = from
  while (' \t\r\n'.includes(text[position] ?? ':')) position++
  return text[position] === ':'
}

/** Quotes a name from a file for printing, with control and direction characters escaped. */
export function quoteName(name: string): string {
  return showDirectionCharacters(JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name))
}
