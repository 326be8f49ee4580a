import { z } from 'zod'
import { EndpointContact } from './endpoint'

// Users read schema issues about their own files.
z.config({ localeError: issueWords })

/** Problem codes. Callers react differently to each code. */
const PROBLEM_CODES = [
  'not-found', // a file or folder is not there
  'bad-file', // a file is there but broken: retrying will not help
  'unsupported', // a well-formed model that this program does not compute
  'models-away', // the models of a project are not on this machine
  'mismatch', // base and post do not fit together
  'bad-input', // a value, prompt set, recipe or option of the wrong shape
  'newer-version', // written by a newer program
  'stale', // the value was changed by somebody else since the caller saw it
  'read-only', // the folder cannot be written
  'locked', // another program holds the project
  'busy', // the project already runs a job
  'out-of-memory', // the work does not fit
  'overflow', // numbers are not finite, though all weights are: another precision or device may do
  'device-memory', // the memory of a GPU is too small: fewer rows at a time may fit
  'device-lost', // a GPU failed, though the engine lives: the CPU may do
  'engine-lost', // the engine, or another process of the program, died
  'cancelled', // the user stopped it
  'internal' // a defect of the program; the log has the details
] as const

export const Problem = z.object({
  code: z.enum(PROBLEM_CODES),
  /** Names the file, tensor or field, the value that was found and the expected one. */
  message: z.string(),
  hint: z.string().optional(),
  /** Addresses that the user has not confirmed. The same call works after confirmation. */
  unconfirmed: z.array(EndpointContact).optional()
})
export type Problem = z.infer<typeof Problem>
export type ProblemCode = Problem['code']

/** An expected failure. It keeps its code across process boundaries. Any other error is a defect of the program. */
export class WorkbenchError extends Error {
  readonly problem: Problem

  constructor(code: ProblemCode, message: string, hint?: string) {
    super(message)
    this.name = 'WorkbenchError'
    this.problem = hint === undefined ? { code, message } : { code, message, hint }
  }
}

/** Returns the error that another process or thread has reported as a problem. */
export const errorOfProblem = ({ code, message, hint }: Problem): WorkbenchError =>
  new WorkbenchError(code, message, hint)

type ErrorMaker = (message: string, hint?: string) => WorkbenchError

const errorOf =
  (code: ProblemCode): ErrorMaker =>
  (message, hint) =>
    new WorkbenchError(code, message, hint)

export const inputError = errorOf('bad-input')
export const fileError = errorOf('bad-file')
export const notFoundError = errorOf('not-found')
export const mismatchError = errorOf('mismatch')
export const unsupportedError = errorOf('unsupported')

/** Returns parsed data. @param refuse creates the error from the first issue, as "field: problem" */
export function requireValid<T>(
  parsed: { success: true; data: T } | { success: false; error: z.ZodError },
  refuse: (issue: string) => Error
): T {
  if (parsed.success) return parsed.data
  throw refuse(describeIssue(parsed.error))
}

/** Returns the first issue of a schema as "field: problem", for messages about files that the user wrote. */
export function describeIssue(error: z.ZodError): string {
  const { path, message } = firstIssue(error)
  const [first, ...inside] = path
  // Users count the entries of a list from one.
  const fields = typeof first === 'number' ? [`entry ${first + 1}`, inside.join('.')] : [path.map(String).join('.')]
  return [...fields.filter((field) => field !== ''), message].join(': ')
}

/** The first issue that a schema reports. */
export interface FirstIssue {
  path: PropertyKey[]
  message: string
  unknown: string[]
}

export function firstIssue(error: z.ZodError): FirstIssue {
  return closest(error.issues, [])
}

const countUnknownFields = (issues: readonly z.core.$ZodIssue[]): number =>
  issues.filter(({ code }) => code === 'unrecognized_keys').length

const hasOtherType = (issues: readonly z.core.$ZodIssue[]): boolean =>
  issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0)

/** Words for a value that has none of the forms of a union. */
const NO_FORM = 'is of none of the forms that are read'

/**
 * Returns the first issue. Of a union, it is the issue of the form that fits best.
 * @param parents path to the issues
 */
function closest(issues: readonly z.core.$ZodIssue[], parents: readonly PropertyKey[]): FirstIssue {
  const issue = issues[0]
  if (issue === undefined) {
    return { path: [...parents], message: 'is not of the expected shape', unknown: [] }
  }
  const path = [...parents, ...issue.path]
  if (issue.code === 'invalid_union') {
    // Report the form that fits best: a form without unexpected fields, else of the same type, else with the fewest
    // issues. A union with a message of its own reports that message if no form has the type.
    const nearest = issue.errors.toSorted(
      (a, b) =>
        countUnknownFields(a) - countUnknownFields(b) ||
        Number(hasOtherType(a)) - Number(hasOtherType(b)) ||
        a.length - b.length
    )[0]
    const isDescribed = issue.message !== NO_FORM && nearest !== undefined && hasOtherType(nearest)
    if (nearest !== undefined && nearest.length > 0 && !isDescribed) return closest(nearest, path)
  }
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys : []
  return { path, message: issue.message, unknown }
}

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
function issueWords(issue: Issue): string {
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
      return unionWords(issue)
    default:
      return 'is not what is expected'
  }
}

/** Names the forms of a union, if one field tells them apart. */
function unionWords(issue: Extract<Issue, { code: 'invalid_union' }>): string {
  const { discriminator, input } = issue
  if (discriminator === undefined || !('options' in issue) || !Array.isArray(issue.options)) return NO_FORM
  const fields = new Map<string, unknown>(Object.entries(Object(input)))
  return expected(oneOf(issue.options), fields.get(discriminator))
}

const expected = (what: string, value: unknown): string =>
  value === undefined ? `is missing; expected ${what}` : `expected ${what}, found ${describeValue(value)}`

const oneOf = (values: readonly unknown[]): string =>
  values.map((value) => (typeof value === 'bigint' ? String(value) : JSON.stringify(value))).join(' or ')

/** Only short, plain texts are repeated in messages, because values may come from untrusted files. */
const PLAIN = /^[\w.+ -]{0,40}$/

function describeValue(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value)
  if (typeof value === 'string')
    return PLAIN.test(value) ? JSON.stringify(value) : `a text of ${sizeWords(value.length, 'string')}`
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  return 'an object'
}
