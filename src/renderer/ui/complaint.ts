import { ORPCError } from '@orpc/client'
import { z } from 'zod'
import { Problem, WorkbenchError } from '../../contract/model/problem'

/** Describes a failed call: a Problem from main, a defect, or a connection that ended before the answer. */
export interface Complaint {
  code: Problem['code'] | 'defect' | 'lost'
  message: string
  hint?: string | undefined
}

const RefusedInput = z.object({
  issues: z.array(z.object({ message: z.string(), path: z.array(z.unknown()).optional() })).min(1)
})

/**
 * Reports whether a call ended because its connection did, or because it was aborted. The oRPC library's queue reports
 * this only in a message of its own.
 */
const isLost = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || error.message.startsWith('[AsyncIdQueue]'))

/** Removes names of command line options such as “(--memory)” from a hint. The window has no such options. */
const inWindow = ({ hint, ...problem }: Problem): Problem =>
  hint === undefined ? problem : { ...problem, hint: hint.replaceAll(/ \(--[^)]*\)/g, '') }

/** Turns anything that a call may throw into a message for the user. */
export function complaintOf(error: unknown): Complaint {
  if (error instanceof WorkbenchError) return error.problem
  if (error instanceof ORPCError) {
    const problem = Problem.safeParse(error.data)
    if (problem.success) return inWindow(problem.data)
    const refused = RefusedInput.safeParse(error.data)
    const issue = refused.success ? refused.data.issues[0] : undefined
    if (issue !== undefined) {
      const field = (issue.path ?? []).map(String).join('.')
      return { code: 'bad-input', message: field === '' ? issue.message : `${field}: ${issue.message}` }
    }
  }
  if (isLost(error)) {
    return {
      code: 'lost',
      message: 'The connection to the workbench ended before it had answered.',
      hint: 'Try again once it is connected.'
    }
  }
  return {
    code: 'defect',
    message: error instanceof Error && error.message !== '' ? error.message : 'Something went wrong.',
    hint: 'If this happens again, restart the workbench; your project is saved.'
  }
}

/**
 * Replaces the hint of a lost engine by one for the view that shows the failure. The engine does not know that view.
 */
export const hintedWhenLost = <Failure extends Complaint | null>(failure: Failure, hint: string): Failure =>
  failure?.code === 'engine-lost' ? { ...failure, hint } : failure

/**
 * Adds to a failure that the button beside it resumes the work.
 *
 * @param kept the results that are not computed again, as in “finished answers are kept”
 */
export const resumable = (failure: Complaint, kept: string): Complaint =>
  hintedWhenLost(failure, `Resume goes on with it: ${kept}.`)
