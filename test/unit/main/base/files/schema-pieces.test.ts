import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { SweepDocument } from '../../../../../src/contract/documents/crc'
import { parseInPieces } from '../../../../../src/main/base/files/schema-pieces'
import { sweepFixture } from '../../../../fixtures/project-documents'

const Row = z.object({ name: z.string(), values: z.array(z.number()) })
const Table = z
  .object({
    kind: z.literal('table'),
    rows: z.array(Row).max(80_000).optional(),
    other: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('none') }),
      z.strictObject({ kind: z.literal('rows'), rows: z.array(Row).nullable().default([]) })
    ]),
    note: z.string().default('none')
  })
  .refine(({ rows = [] }) => rows[0]?.name !== 'wrong', 'the first row is wrong')

const rows = (count: number, change: Partial<{ name: unknown; values: unknown }> = {}) => [
  ...Array.from({ length: count }, (_, i) => ({ name: `row ${i}`, values: [i, i], extra: 1 })),
  { name: 'last', values: [], ...change }
]
const table = (changes: object) => ({ kind: 'table', rows: rows(3), other: { kind: 'none' }, ...changes })

/** Expects the same result as parsing in one call. @returns whether the value is valid */
async function sameAsWhole(schema: z.ZodType, value: unknown): Promise<boolean> {
  const at = schema.safeParse(value)
  const pieces = await parseInPieces(schema, value)
  const [found, expected] = [pieces, at].map((looked) => looked.data ?? looked.error?.issues[0])
  // Faster than `toEqual` for so many values.
  expect(isDeepStrictEqual(found, expected)).toBe(true)
  return at.success
}

test('a schema reports the same for a large value in pieces as at once', async () => {
  const long = rows(12_000)
  for (const value of [
    table({ rows: long }),
    table({ rows: long, other: { kind: 'rows', rows: long } }),
    table({ other: { kind: 'rows', rows: null }, rows: long, left: 'out' }),
    table({ rows: [{ name: 'one', values: Array.from({ length: 90_000 }, (_, i) => i) }] })
  ])
    expect(await sameAsWhole(Table, value)).toBe(true)
  for (const value of [
    table({ rows: rows(12_000, { name: 7 }) }),
    table({ rows: [{ name: 'wrong', values: [] }, ...long] }),
    table({ rows: rows(80_000) }),
    table({ other: { kind: 'rows', rows: rows(12_000, { values: ['x'] }) } }),
    table({ other: { kind: 'rows', rows: long, more: 1 } }),
    table({ other: { kind: 'unknown', rows: long } }),
    table({ rows: { ...long } }),
    { rows: long },
    long
  ])
    expect(await sameAsWhole(Table, value)).toBe(false)
})

test('a sweep of many ranges is read in pieces', async () => {
  const sweep = sweepFixture({ layerCount: 24, promptCount: 20, validCount: 10 })
  expect(await sameAsWhole(SweepDocument, sweep)).toBe(true)
})

test('looking at a value in pieces ends when it is cancelled', async () => {
  const looked = parseInPieces(Table, table({ rows: rows(60_000) }), AbortSignal.abort())
  await expect(looked).rejects.toThrow('was cancelled')
})
