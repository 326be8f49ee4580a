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

const boundWords = (
  { exact, inclusive }: { exact?: boolean | undefined; inclusive?: boolean | undefined },
  inclusiveWords: string,
  exclusiveWords: string
): string => (exact === true ? 'exactly' : inclusive === true ? inclusiveWords : exclusiveWords)

const FORMATS: Readonly<Record<string, string>> = {
  datetime: 'a date and time such as 2026-01-31T12:00:00Z',
  date: 'a date such as 2026-01-31',
  url: 'an address such as http://localhost:8000/v1',
  base64: 'base64'
}

const formatWords = (format: string, pattern: string | undefined): string =>
  FORMATS[format] ?? (pattern === undefined ? format : `the form ${pattern}`)

const unknownFields = (keys: readonly string[]): string =>
  `${keys.map((key) => JSON.stringify(key)).join(', ')} ${keys.length === 1 ? 'is no field' : 'are no fields'} of it`

/** Describes a schema issue for readers without knowledge of schemas. The text follows the field's name and a colon. */
export function issueWords(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return expected(TYPES[issue.expected] ?? issue.expected, issue.input)
    case 'invalid_value':
      return expected(oneOf(issue.values), issue.input)
    case 'too_small':
      return expected(
        `${boundWords(issue, 'at least', 'more than')} ${sizeWords(issue.minimum, issue.origin)}`,
        issue.input
      )
    case 'too_big':
      return expected(
        `${boundWords(issue, 'at most', 'less than')} ${sizeWords(issue.maximum, issue.origin)}`,
        issue.input
      )
    case 'not_multiple_of':
      return expected(`a multiple of ${issue.divisor}`, issue.input)
    case 'invalid_format':
      return `expected ${formatWords(issue.format, issue.pattern)}`
    case 'unrecognized_keys':
      return unknownFields(issue.keys)
    case 'invalid_key':
      return issue.issues.map(({ message }) => message).join(', ')
    case 'invalid_union':
      return 'is of none of the forms that are read'
    default:
      return 'is not what is expected'
  }
}

const expected = (what: string, value: unknown): string =>
  value === undefined ? `is missing; expected ${what}` : `expected ${what}, found ${describeValue(value)}`

const oneOf = (values: readonly unknown[]): string =>
  values.map((value) => (typeof value === 'bigint' ? String(value) : JSON.stringify(value))).join(' or ')

/** Only short, plain texts are repeated in messages, because values may come from untrusted files. */
const PLAIN = /^[\w.+ -]{0,40}$/

function describeValue(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value)
  if (typeof value === 'string') return PLAIN.test(value) ? JSON.stringify(value) : 'another text'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  return 'an object'
}
