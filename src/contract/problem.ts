import { z } from 'zod'

/** What went wrong, in words a caller can act on. One code per thing a caller may do differently. */
export const PROBLEM_CODES = [
  'not-found', // a file or folder is not there
  'bad-file', // a file is there but broken: retrying will not help
  'unsupported', // a well-formed model that this program does not compute
  'mismatch', // base and post do not fit together
  'bad-input', // a value, prompt set, recipe or option of the wrong shape
  'newer-version', // written by a newer program
  'read-only', // the folder cannot be written
  'locked', // another program holds the project
  'busy', // the project already runs a job
  'out-of-memory', // the work does not fit
  'engine-lost', // the engine process died
  'cancelled' // the user stopped it
] as const

export const Problem = z.object({
  code: z.enum(PROBLEM_CODES),
  /** Names the file, tensor or field, what was found and what was expected. */
  message: z.string(),
  /** What to do about it, when there is something to do. */
  hint: z.string().optional()
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
  const issue = error.issues[0]
  if (issue === undefined) return 'is not of the expected shape'
  const field = issue.path.map(String).join('.')
  return field === '' ? issue.message : `${field}: ${issue.message}`
}
