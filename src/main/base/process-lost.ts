import { WorkbenchError } from '../../contract/model/problem'
import type { NodeChildEnd } from './node-child'

/** Matches the messages of V8, the C++ runtime and the system when memory has run out. */
const OUT_OF_MEMORY = /out of memory|memory ran out|memory runs out|bad_alloc|allocation failed/i

/** Reports whether a text about the end of a process gives lack of memory as the reason. */
export const ranOutOfMemory = (words: string): boolean => OUT_OF_MEMORY.test(words)

/** Describes an end; completes a sentence that begins with the name of the process. */
export const endWords = ({ how, reason }: NodeChildEnd): string => `${how}${reason === undefined ? '' : `: ${reason}`}`

/** Builds the error for callers of any process that has ended. @param subject begins the message */
export function processLost(subject: string, end: NodeChildEnd): WorkbenchError {
  const words = endWords(end)
  return new WorkbenchError(
    'engine-lost',
    `${subject} ${words}${words.endsWith('.') ? '' : '.'}`,
    ranOutOfMemory(words) ? 'Close other programs, and try again.' : 'Try again.'
  )
}
