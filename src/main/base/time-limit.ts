import { createContext, Script } from 'node:vm'
import { fileError } from '../../contract/model/problem'

const globals: { work: () => void } = { work: () => undefined }
createContext(globals)
const callWork = new Script('work()')

/**
 * Runs synchronous work on a model file, and stops it after `limitMs` by the watchdog of `node:vm`.
 * @param what begins the message of the error @throws WorkbenchError `bad-file` after the limit
 */
export function withTimeLimit<T>(limitMs: number, what: string, work: () => T): T {
  // The result may be undefined, so it is stored in an object.
  let result: { value: T } | null = null
  globals.work = () => {
    result = { value: work() }
  }
  try {
    callWork.runInContext(globals, { timeout: limitMs })
  } catch (error) {
    if (isTimeout(error)) {
      throw fileError(`${what} took longer than ${limitMs / 1000} s and was stopped.`)
    }
    throw error
  } finally {
    globals.work = () => undefined
  }
  return resultOf(result)
}

function resultOf<T>(result: { value: T } | null): T {
  if (result === null) throw new Error('the work did not run')
  return result.value
}

function isTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
}
