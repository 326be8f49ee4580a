import { os } from '@orpc/server'
import { WorkbenchError } from '../../contract/model/problem'

/** Values in one message: an order of magnitude more than the largest prompt set has. */
const MAX_VALUES = 1_000_000

/**
 * Refuses input that is anything but plain data, before a schema or a handler touches it. The protocol can carry dates, addresses,
 * patterns, maps and sets, which the contract has none of, and a prototype can be put under an object that way: what
 * then asks the object for a field fails in words of the library.
 */
export const plainInput = os.middleware(async ({ next }, input: unknown) => {
  refuseUnplain(input)
  return next()
})

/** @throws WorkbenchError `bad-input` naming the field */
export function refuseUnplain(input: unknown): void {
  // No recursion: this is what stands before those that recurse.
  const waiting: { value: unknown; path: string }[] = [{ value: input, path: '' }]
  let seen = 0
  for (let here = waiting.pop(); here !== undefined; here = waiting.pop()) {
    const { value, path } = here
    seen += 1
    if (seen > MAX_VALUES) throw refused(path, `more than ${MAX_VALUES} values`)
    if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function') {
      throw refused(path, `a ${typeof value}`)
    }
    if (typeof value !== 'object' || value === null) continue
    if (!isPlain(value)) throw refused(path, 'what is neither a list nor a plain object')
    for (const [name, member] of Object.entries(value)) {
      const inside = path === '' ? name : `${path}.${name}`
      if (name === '__proto__') throw refused(inside, 'a field that is none')
      waiting.push({ value: member, path: inside })
    }
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === Object.prototype || prototype === null
}

function refused(path: string, found: string): WorkbenchError {
  const field = path === '' ? 'The message' : path.slice(0, 200)
  return new WorkbenchError('bad-input', `${field}: found ${found}, expected plain data.`)
}
