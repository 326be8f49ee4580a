import { expect, it } from 'vitest'
import { joinCalls } from '../../../../src/main/text/batches'

it('joins the calls that are made while one runs, and gives each its results', async () => {
  const runs: (readonly number[])[] = []
  const square = joinCalls(async (items: readonly number[]) => {
    runs.push(items)
    return items.map((item) => item * item)
  })
  const first = square([1, 2])
  await Promise.resolve()
  const rows = Array.from({ length: 32 }, (_, row) => Promise.all([square([row]), square([row, row + 1])]))
  expect(await first).toEqual([1, 4])
  for (const [row, results] of (await Promise.all(rows)).entries())
    expect(results).toEqual([[row ** 2], [row ** 2, (row + 1) ** 2]])
  expect(runs.map(({ length }) => length)).toEqual([2, 32 * 3])
})

it('fails only the call whose items fail', async () => {
  const run = joinCalls(async (items: readonly number[]) => {
    if (items.includes(3)) throw new Error('three')
    return [...items]
  })
  const first = run([0])
  const results = await Promise.allSettled([first, run([1]), run([3]), run([2])])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
})
