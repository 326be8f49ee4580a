import type { Interpreter } from '@huggingface/jinja'

type Value = ReturnType<Interpreter['evaluate']>

/** Writes a value as Python's `str` does; an undefined value is empty, as in Jinja. */
export function pythonText(printed: Value): string {
  if (typeof printed.value === 'string') return printed.value
  return printed.type === 'UndefinedValue' ? '' : pythonLiteral(printed)
}

/** Writes a value as Python's `repr` does. */
function pythonLiteral(printed: Value): string {
  const { type, value } = printed
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string') return quoted(value)
  if (type === 'NullValue') return 'None'
  if (type === 'UndefinedValue') return 'Undefined'
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => `${quoted(key)}: ${pythonLiteral(item)}`)
    return `{${entries.join(', ')}}`
  }
  if (!Array.isArray(value)) return printed.toString()
  const items = value.map(pythonLiteral).join(', ')
  if (type !== 'TupleValue') return `[${items}]`
  return value.length === 1 ? `(${items},)` : `(${items})`
}

/**
 * Quotes a text as Python does: in double quotes if the text has single but no double quotes, else in single quotes.
 */
function quoted(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replace(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`)
  if (text.includes("'") && !text.includes('"')) return `"${escaped}"`
  return `'${escaped.replaceAll("'", "\\'")}'`
}

/** Removes characters from the ends of a text, as Python does. @param characters null for white space */
export function stripCharacters(text: string, method: 'strip' | 'lstrip' | 'rstrip', characters: unknown): string {
  const units = [...text]
  const stays = (unit: string): boolean =>
    typeof characters === 'string' ? ![...characters].includes(unit) : unit.trim() !== ''
  const first = method === 'rstrip' ? 0 : units.findIndex(stays)
  const last = method === 'lstrip' ? units.length - 1 : units.findLastIndex(stays)
  return first === -1 ? '' : units.slice(first, last + 1).join('')
}

/**
 * Splits a text from its end, as Python's `rsplit` does.
 *
 * @param separator null to split at white space
 * @param most the largest number of splits; below 0 for all
 */
export function splitFromRight(text: string, separator: unknown = null, most: unknown = -1): string[] {
  if (typeof most !== 'number' || (separator !== null && (typeof separator !== 'string' || separator === '')))
    throw new Error('rsplit() needs a separator and a whole number')
  const parts: string[] = []
  let remainder = separator === null ? text.trimEnd() : text
  while (most < 0 || parts.length < most) {
    const start = separator === null ? remainder.search(/\s+\S+$/) : remainder.lastIndexOf(separator)
    if (start === -1) break
    const part = remainder.slice(start)
    parts.unshift(separator === null ? part.trimStart() : part.slice(separator.length))
    remainder = remainder.slice(0, start)
  }
  if (separator !== null) return [remainder, ...parts]
  const first = most < 0 || parts.length < most ? remainder.trimStart() : remainder
  return first === '' ? parts : [first, ...parts]
}
