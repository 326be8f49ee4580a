import { createRouterClient, os } from '@orpc/server'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { plainInput, refuseUnplain } from '../../../../src/main/base/plain-input'

const underAddress: unknown = Object.create(new URL('http://a/'), { path: { value: 'x', enumerable: true } })
const deep = Array.from({ length: 20_000 }).reduce<unknown>((inner) => [inner], 1)

test.each([
  ['an address', { a: [new URL('http://a/')] }, 'a.0: found an object of a class'],
  ['an object under an address', { recipe: underAddress }, 'recipe: found an object of a class'],
  ['a map', new Map([['a', 1]]), 'The message: found an object of a class'],
  ['a date', { at: new Date(0) }, 'at: found an object of a class'],
  ['a pattern', { at: /a/ }, 'at: found an object of a class'],
  ['a bigint', { n: 1n }, 'n: found a bigint'],
  ['a prototype by name', JSON.parse('{"a":{"__proto__":{}}}'), 'a.__proto__: found a reserved field name']
])('%s in a message is refused by its field', (_, input, message) => {
  expect(() => refuseUnplain(input)).toThrow(message)
})

test('plain data is accepted at any depth, also with left-out fields', () => {
  expect(() => refuseUnplain(deep)).not.toThrow()
  expect(() => refuseUnplain({ a: [1, 'b', null, undefined, NaN, { c: true }] })).not.toThrow()
  expect(() => refuseUnplain(undefined)).not.toThrow()
})

test('the check comes before the schema', async () => {
  const procedure = os
    .use(plainInput)
    .input(z.looseObject({ href: z.string() }))
    .handler(() => 'handled')
  const client = createRouterClient({ procedure })
  const input: { href: string } = Object.assign(Object.create(new URL('http://a/')), { path: 'x' })
  await expect(client.procedure(input)).rejects.toThrow('found an object of a class')
  expect(await client.procedure({ href: 'x' })).toBe('handled')
})
