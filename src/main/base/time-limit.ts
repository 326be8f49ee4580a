import { createContext, Script } from 'node:vm'
import { WorkbenchError } from '../../contract/model/problem'

const box: { work: () => void } = { work: () => undefined }
createContext(box)
const callWork = new Script('work()')

/**
 * Runs synchronous work that a model file controls (a chat template, a tokenizer's patterns) and stops it when it
 * takes longer than `limitMs`. The watchdog of `node:vm` ends whatever the script called, an endless loop and a
 * runaway pattern included, without a second thread. This bounds time; it is no sandbox.
 *
 * @throws WorkbenchError `bad-file` when the time is up; whatever `work` throws otherwise
 */
export function withTimeLimit<T>(limitMs: number, what: string, work: () => T): T {
  let result: { value: T } | null = null
  box.work = () => {
    result = { value: work() }
  }
  try {
    callWork.runInContext(box, { timeout: limitMs })
  } catch (error) {
    if (isTimeout(error)) {
      throw new WorkbenchError('bad-file', `${what} took longer than ${limitMs / 1000} s and was stopped.`)
    }
    throw error
  } finally {
    box.work = () => undefined
  }
  return finished(result)
}

function finished<T>(result: { value: T } | null): T {
  if (result === null) throw new Error('the work did not run')
  return result.value
}

function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  )
}
