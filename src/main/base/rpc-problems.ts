import { mapEventIterator, ORPCError } from '@orpc/client'
import { os, ValidationError } from '@orpc/server'
import { errorOfProblem, Problem, WorkbenchError } from '../../contract/model/problem'

/* Errors of remote procedures. A `Problem` is an error as the user sees it: a code, a message and perhaps a hint. */

const MEMORY_ERROR = /bad_alloc|out of memory|allocation failed|failed to allocate/i

/** Gives the problem of an error that the program expects; null for a defect of the program. */
export function problemOf(error: unknown): Problem | null {
  if (error instanceof WorkbenchError) return error.problem
  if (error instanceof Error && MEMORY_ERROR.test(error.message)) {
    return {
      code: 'out-of-memory',
      message: `Memory ran out: ${error.message}`,
      hint: 'Close other programs, or use fewer prompts (--prompts), and run again.'
    }
  }
  return null
}

/** Logs a defect with its stack, and gives the problem to show. */
export function reportDefect(error: unknown, where: string): Problem {
  console.error(`Unexpected error in ${where}:`, error)
  return {
    code: 'internal',
    message: `Something went wrong inside the program (${where}).`,
    hint:
      process.versions['electron'] === undefined
        ? 'The terminal it was started from shows the details.'
        : 'Help, Show log folder leads to the details.'
  }
}

/** Creates middleware that sends a procedure's error as a problem. Input that the contract refuses is `bad-input`. */
export function convertProblems(onDefect: (error: unknown, where: string) => Problem) {
  return os.middleware(async ({ next, path }) => {
    const translate = (error: unknown): Error => {
      const problem = refusedInput(error) ?? problemOf(error) ?? onDefect(error, path.join('.'))
      return new ORPCError('WORKBENCH', { message: problem.message, data: problem })
    }
    try {
      const result = await next()
      if (!isEventStream(result.output)) return result
      // A stream fails after its procedure has returned, so its errors are converted as they arrive.
      const output = mapEventIterator(result.output, {
        value: (value) => value,
        error: async (error) => translate(error)
      })
      return { ...result, output }
    } catch (error) {
      throw translate(error)
    }
  })
}

/** Converts an error of another process back to the `WorkbenchError` that it was there; other errors are unchanged. */
export function fromRpcError(error: unknown): unknown {
  if (!(error instanceof ORPCError)) return error
  const { data: problem, success } = Problem.safeParse(error.data)
  return success ? errorOfProblem(problem) : error
}

export function isEventStream(output: unknown): output is AsyncIterator<unknown> {
  return typeof output === 'object' && output !== null && Symbol.asyncIterator in output
}

/** Returns the same events and calls `settle` at their end, even if the first event is never requested. */
export function settling(events: AsyncIterator<unknown>, settle: () => void): AsyncIterableIterator<unknown> {
  return {
    async next() {
      try {
        const result = await events.next()
        if (result.done === true) settle()
        return result
      } catch (error) {
        settle()
        throw error
      }
    },
    async return(value: unknown) {
      try {
        return (await events.return?.(value)) ?? { done: true, value }
      } finally {
        settle()
      }
    },
    [Symbol.asyncIterator]() {
      return this
    }
  }
}

function refusedInput(error: unknown): Problem | null {
  if (!(error instanceof ORPCError && error.cause instanceof ValidationError)) return null
  const [issue] = error.cause.issues
  if (error.code !== 'BAD_REQUEST' || issue === undefined) return null
  const field = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return { code: 'bad-input', message: field === '' ? issue.message : `${field}: ${issue.message}` }
}
