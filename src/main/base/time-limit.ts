import { createContext, Script } from 'node:vm'
import { fileError } from '../../contract/model/problem'

const box: { work: () => void } = { work: () => undefined }
createContext(box)
const callWork = new Script('work()')

/** Stops synchronous work of a model file after `limitMs` by the watchdog of `node:vm`, which limits only time. */
export function withTimeLimit<T>(limitMs: number, what: string, work: () => T): T {
  let result: { value: T } | null = null
  box.work = () => {
    result = { value: work() }
  }
  try {
    callWork.runInContext(box, { timeout: limitMs })
  } catch (error) {
    if (isTimeout(error)) {
      throw fileError(`${what} took longer than ${limitMs / 1000} s and was stopped.`)
    }
    throw error
  } finally {
    box.work = () => undefined
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
