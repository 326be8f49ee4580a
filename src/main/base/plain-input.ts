import { os } from '@orpc/server'
import { inputError, type WorkbenchError } from '../../contract/model/problem'

/** Most values in one message, ten times as many as in the largest prompt set. */
const MAX_VALUES = 1_000_000

/** Middleware that checks the input of every procedure by `refuseUnplain`, before the procedure's schema does. */
export const plainInput = os.middleware(async ({ next }, input: unknown) => {
  refuseUnplain(input)
  return next()
})

/** Checks that input is plain data, as in JSON. @throws WorkbenchError `bad-input` naming the field */
export function refuseUnplain(input: unknown): void {
  // A loop, because deeply nested input would exhaust the stack of a recursive function.
  const pending: { value: unknown; path: string }[] = [{ value: input, path: '' }]
  let seen = 0
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    const { value, path } = current
    seen += 1
    if (seen > MAX_VALUES) throw refused(path, `more than ${MAX_VALUES} values`)
    if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function') {
      throw refused(path, `a ${typeof value}`)
    }
    if (typeof value !== 'object' || value === null) continue
    if (!isPlain(value)) throw refused(path, 'an object of a class')
    for (const [name, member] of Object.entries(value)) {
      const inside = path === '' ? name : `${path}.${name}`
      if (name === '__proto__') throw refused(inside, 'a reserved field name')
      pending.push({ value: member, path: inside })
    }
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === Object.prototype || prototype === null
}

function refused(path: string, actual: string): WorkbenchError {
  const field = path === '' ? 'The message' : path.slice(0, 200)
  return inputError(`${field}: found ${actual}, expected plain data.`)
}
