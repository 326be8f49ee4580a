import { z } from 'zod'
import { EndpointContact } from './endpoint'
import { issueWords } from './issue-words'

// People read what schemas complain of in their own files.
z.config({ localeError: issueWords })

/** What went wrong, in words a caller can act on. One code per thing a caller may do differently. */
const PROBLEM_CODES = [
  'not-found', // a file or folder is not there
  'bad-file', // a file is there but broken: retrying will not help
  'unsupported', // a well-formed model that this program does not compute
  'mismatch', // base and post do not fit together
  'bad-input', // a value, prompt set, recipe or option of the wrong shape
  'newer-version', // written by a newer program
  'stale', // the value was changed by somebody else since the caller saw it
  'read-only', // the folder cannot be written
  'locked', // another program holds the project
  'busy', // the project already runs a job
  'out-of-memory', // the work does not fit
  'engine-lost', // the engine, or another process of the program, died
  'cancelled', // the user stopped it
  'internal' // a defect of ours; the log has the details
] as const

export const Problem = z.object({
  code: z.enum(PROBLEM_CODES),
  /** Names the file, tensor or field, what was found and what was expected. */
  message: z.string(),
  /** What to do about it, when there is something to do. */
  hint: z.string().optional(),
  /** Addresses that the user has not confirmed: confirmed, the same call works. */
  unconfirmed: z.array(EndpointContact).optional()
})
export type Problem = z.infer<typeof Problem>
export type ProblemCode = Problem['code']

/** An expected failure. It keeps its code across process borders; any other error is a defect of ours. */
export class WorkbenchError extends Error {
  readonly problem: Problem

  constructor(code: ProblemCode, message: string, hint?: string) {
    super(message)
    this.name = 'WorkbenchError'
    this.problem = { code, message, ...(hint === undefined ? {} : { hint }) }
  }
}

/** The first complaint of a schema as "field: what is wrong", for messages about files the user wrote. */
export function describeIssue(error: z.ZodError): string {
  const { path, message } = firstIssue(error)
  const [first, ...inside] = path
  // Of a file that is a list people count from one.
  const fields =
    typeof first === 'number' ? [`entry ${first + 1}`, inside.join('.')] : [path.map(String).join('.')]
  return [...fields.filter((field) => field !== ''), message].join(': ')
}

/** What a schema complains of first. */
export interface FirstIssue {
  /** Of the field. */
  path: PropertyKey[]
  message: string
  /** Fields that it has and should not have. */
  unknown: string[]
}

export function firstIssue(error: z.ZodError): FirstIssue {
  return closest(error.issues, [])
}

/** How many of the complaints are of fields that a form does not have. */
const strangers = (issues: readonly z.core.$ZodIssue[]): number =>
  issues.filter(({ code }) => code === 'unrecognized_keys').length

function closest(issues: readonly z.core.$ZodIssue[], parents: readonly PropertyKey[]): FirstIssue {
  const issue = issues[0]
  if (issue === undefined) {
    return { path: [...parents], message: 'is not of the expected shape', unknown: [] }
  }
  const path = [...parents, ...issue.path]
  if (issue.code === 'invalid_union') {
    // Take the form that comes closest: all of whose fields it has, or else the one with the fewest complaints.
    const nearest = issue.errors.toSorted((a, b) => strangers(a) - strangers(b) || a.length - b.length)[0]
    if (nearest !== undefined && nearest.length > 0) return closest(nearest, path)
  }
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys : []
  return { path, message: issue.message, unknown }
}
