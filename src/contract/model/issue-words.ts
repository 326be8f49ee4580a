import type { z } from 'zod'

type Issue = z.core.$ZodRawIssue

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  map: 'an object',
  null: 'null',
  undefined: 'nothing'
}

const SIZES: Readonly<Record<string, readonly [one: string, more: string]>> = {
  string: [' character', ' characters'],
  array: [' entry', ' entries'],
  set: [' entry', ' entries'],
  map: [' entry', ' entries']
}

function sizeWords(bound: number | bigint, origin: string): string {
  const [one, more] = SIZES[origin] ?? ['', '']
  return `${bound}${Number(bound) === 1 ? one : more}`
}

const FORMATS: Readonly<Record<string, string>> = {
  datetime: 'a date and time such as 2026-01-31T12:00:00Z',
  date: 'a date such as 2026-01-31',
  url: 'an address such as http://localhost:8000/v1',
  base64: 'base64'
}

/** Describes a schema issue for readers without knowledge of schemas. The text follows the field's name and a colon. */
export function issueWords(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return expected(TYPES[issue.expected] ?? issue.expected, issue.input)
    case 'invalid_value':
      return expected(oneOf(issue.values), issue.input)
    case 'too_small':
      return expected(
        `${issue.exact === true ? 'exactly' : issue.inclusive === true ? 'at least' : 'more than'} ${sizeWords(issue.minimum, issue.origin)}`,
        issue.input
      )
    case 'too_big':
      return expected(
        `${issue.exact === true ? 'exactly' : issue.inclusive === true ? 'at most' : 'less than'} ${sizeWords(issue.maximum, issue.origin)}`,
        issue.input
      )
    case 'not_multiple_of':
      return expected(`a multiple of ${issue.divisor}`, issue.input)
    case 'invalid_format':
      return `expected ${FORMATS[issue.format] ?? (issue.pattern === undefined ? issue.format : `the form ${issue.pattern}`)}`
    case 'unrecognized_keys':
      return `${issue.keys.map((key) => JSON.stringify(key)).join(', ')} ${issue.keys.length === 1 ? 'is no field' : 'are no fields'} of it`
    case 'invalid_union':
      return 'is of none of the forms that are read'
    default:
      return 'is not what is expected'
  }
}

const expected = (what: string, found: unknown): string =>
  found === undefined ? `is missing; expected ${what}` : `expected ${what}, found ${foundWords(found)}`

const oneOf = (values: readonly unknown[]): string =>
  values.map((value) => (typeof value === 'bigint' ? String(value) : JSON.stringify(value))).join(' or ')

/** Only short, plain texts are repeated in messages, because values may come from untrusted files. */
const PLAIN = /^[\w.+ -]{0,40}$/

function foundWords(found: unknown): string {
  if (typeof found === 'number' || typeof found === 'boolean' || found === null) return String(found)
  if (typeof found === 'string') return PLAIN.test(found) ? JSON.stringify(found) : 'another text'
  if (Array.isArray(found)) return found.length === 0 ? 'an empty list' : 'a list'
  return 'an object'
}
