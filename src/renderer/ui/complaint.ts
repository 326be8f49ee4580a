import { ORPCError } from '@orpc/client'
import { z } from 'zod'
import { Problem, WorkbenchError } from '../../contract/model/problem'

/** What the window shows about a failed call: main's Problem, a defect without one, or that the line to main ended before its answer. */
export interface Complaint {
  code: Problem['code'] | 'defect' | 'lost'
  message: string
  hint?: string | undefined
}

const RefusedInput = z.object({
  issues: z.array(z.object({ message: z.string(), path: z.array(z.unknown()).optional() })).min(1)
})

/** Whether a call ended since its line did, or since nobody wants its answer any more. The library's queue of answers says so in words of its own. */
const isLost = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || error.message.startsWith('[AsyncIdQueue]'))

/** Hints name the options of the command line too, as “(--memory)”, which a window has not. */
const inWindow = ({ hint, ...problem }: Problem): Problem =>
  hint === undefined ? problem : { ...problem, hint: hint.replaceAll(/ \(--[^)]*\)/g, '') }

/** Turns anything a call may throw into words for the user. */
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

/** Why work ended; of an engine that died in it, what to do where it is shown, of which the engine does not know. */
export const hintedWhenLost = (failure: Complaint, hint: string): Complaint =>
  failure.code === 'engine-lost' ? { ...failure, hint } : failure

/**
 * Why work ended that a button beside the complaint goes on with.
 *
 * @param kept what is not computed again, as in “finished answers are kept”
 */
export const resumable = (failure: Complaint, kept: string): Complaint =>
  hintedWhenLost(failure, `Resume goes on with it: ${kept}.`)
