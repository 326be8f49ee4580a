import { z } from 'zod'
import { EndpointContact } from './endpoint'
import { issueWords } from './issue-words'

// Users read schema issues about their own files.
z.config({ localeError: issueWords })

/** Problem codes. Each code stands for a different reaction of the caller. */
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
  'engine-lost', // the engine, or another process of the program, died
  'cancelled', // the user stopped it
  'internal' // a defect of the program; the log has the details
] as const

export const Problem = z.object({
  code: z.enum(PROBLEM_CODES),
  /** Names the file, tensor or field, the value that was found and the expected one. */
  message: z.string(),
  /** Recommended action, if there is one. */
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
    this.problem = { code, message, ...(hint === undefined ? {} : { hint }) }
  }
}

/** Returns the first issue of a schema as "field: problem", for messages about files that the user wrote. */
export function describeIssue(error: z.ZodError): string {
  const { path, message } = firstIssue(error)
  const [first, ...inside] = path
  // Users count the entries of a list from one.
  const fields =
    typeof first === 'number' ? [`entry ${first + 1}`, inside.join('.')] : [path.map(String).join('.')]
  return [...fields.filter((field) => field !== ''), message].join(': ')
}

/** The first issue that a schema reports. */
export interface FirstIssue {
  /** Path of the field. */
  path: PropertyKey[]
  message: string
  /** Names of unexpected fields. */
  unknown: string[]
}

export function firstIssue(error: z.ZodError): FirstIssue {
  return closest(error.issues, [])
}

/** Counts the issues about unexpected fields. */
const countUnknownFields = (issues: readonly z.core.$ZodIssue[]): number =>
  issues.filter(({ code }) => code === 'unrecognized_keys').length

function closest(issues: readonly z.core.$ZodIssue[], parents: readonly PropertyKey[]): FirstIssue {
  const issue = issues[0]
  if (issue === undefined) {
    return { path: [...parents], message: 'is not of the expected shape', unknown: [] }
  }
  const path = [...parents, ...issue.path]
  if (issue.code === 'invalid_union') {
    // Use the form that fits best: one without unexpected fields, or else the one with the fewest issues.
    const nearest = issue.errors.toSorted(
      (a, b) => countUnknownFields(a) - countUnknownFields(b) || a.length - b.length
    )[0]
    if (nearest !== undefined && nearest.length > 0) return closest(nearest, path)
  }
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys : []
  return { path, message: issue.message, unknown }
}
