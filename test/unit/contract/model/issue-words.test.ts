import { expect, test } from 'vitest'
import { z } from 'zod'
import { describeIssue } from '../../../../src/contract/model/problem'

const File = z.strictObject({
  name: z.string().min(1).max(40),
  count: z.number().int().max(8),
  bits: z.literal([4, 8]),
  raw: z.boolean(),
  rows: z.array(z.number()).length(2),
  at: z.iso.datetime()
})
const FILE = { name: 'a', count: 1, bits: 4, raw: true, rows: [1, 2], at: '2026-01-31T12:00:00Z' }

test.each([
  [{ ...FILE, name: 7 }, 'name: expected a text, found 7'],
  [{ ...FILE, name: undefined }, 'name: is missing; expected a text'],
  [{ ...FILE, name: '' }, 'name: expected at least 1 character, found ""'],
  [{ ...FILE, count: 1.5 }, 'count: expected a whole number, found 1.5'],
  [{ ...FILE, count: 9 }, 'count: expected at most 8, found 9'],
  [{ ...FILE, bits: 3 }, 'bits: expected 4 or 8, found 3'],
  [{ ...FILE, raw: 'maybe' }, 'raw: expected true or false, found "maybe"'],
  [{ ...FILE, raw: 'a\u202eb' }, 'raw: expected true or false, found a text of 3 characters'],
  [{ ...FILE, name: 'a'.repeat(41) }, 'name: expected at most 40 characters, found a text of 41 characters'],
  [{ ...FILE, rows: [1] }, 'rows: expected exactly 2 entries, found a list'],
  [{ ...FILE, rows: [] }, 'rows: expected exactly 2 entries, found an empty list'],
  [{ ...FILE, at: 'today' }, 'at: expected a date and time such as 2026-01-31T12:00:00Z'],
  [{ ...FILE, colour: 1 }, '"colour" is no field of it'],
  [[1], 'expected an object, found a list']
])('%j: what is wrong is said in words', (value, words) => {
  const { error } = File.safeParse(value)
  expect(error === undefined ? null : describeIssue(error)).toBe(words)
})

test.each([
  [[FILE, { ...FILE, name: 7 }], 'entry 2: name: expected a text, found 7'],
  [[7], 'entry 1: expected an object, found 7'],
  [[], 'expected at least 1 entry, found an empty list']
])('entries of a list are counted from one: %j', (value, words) => {
  const { error } = z.array(File).min(1).safeParse(value)
  expect(error === undefined ? null : describeIssue(error)).toBe(words)
})

test('of several forms the one is meant whose fields are there', () => {
  const Form = z.union([
    z.strictObject({ name: z.string(), ranges: z.array(z.number()) }),
    z.strictObject({
      name: z.string(),
      layers: z.array(z.object({ attention: z.number().max(2), mlp: z.number() }))
    })
  ])
  const { error } = Form.safeParse({ name: 'x', layers: [{ attention: 5 }] })
  expect(error === undefined ? null : describeIssue(error)).toBe('layers.0.attention: expected at most 2, found 5')
})

test.each([
  [[1, 2.5], 'entry 2: expected a whole number, found 2.5'],
  [{}, 'expected a text or whole numbers']
])('of several types the one is meant that the value has: %j', (value, words) => {
  const { error } = z.union([z.string(), z.array(z.int())], 'expected a text or whole numbers').safeParse(value)
  expect(error === undefined ? null : describeIssue(error)).toBe(words)
})

test('of forms that one field tells apart, those that are read are named', () => {
  const Shape = z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('circle') }),
    z.object({ kind: z.enum(['square', 'oblong']) })
  ])
  const words = (value: unknown): string | undefined =>
    z.object({ shape: Shape }).safeParse({ shape: value }).error?.issues[0]?.message
  expect(words({ kind: 'star' })).toBe('expected "circle" or "square" or "oblong", found "star"')
  expect(words({})).toBe('is missing; expected "circle" or "square" or "oblong"')
})
