import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Later } from '../../../fixtures/later'
import { inParallel } from '../../../../src/main/endpoint/in-parallel'

const never = new AbortController().signal

it('works on no more items at once than it may, and takes items as they are needed', async () => {
  let running = 0
  let most = 0
  let taken = 0
  let mostAhead = 0
  function* items(): Generator<number> {
    while (taken < 20) yield taken++
  }
  const done: number[] = []
  await inParallel(items(), 3, never, async (item) => {
    most = Math.max(most, ++running)
    mostAhead = Math.max(mostAhead, taken - done.length)
    await setImmediate()
    running -= 1
    done.push(item)
  })
  expect(most).toBe(3)
  expect(mostAhead).toBeLessThanOrEqual(4)
  expect(done).toHaveLength(20)
})

it('stops the others at the first failure, and ends when they have ended', async () => {
  const ended: number[] = []
  const begun = new Later<void>()
  const work = inParallel([0, 1, 2, 3], 2, never, async (item, stop) => {
    if (item === 0) {
      await begun.promise
      throw new Error('The first fails.')
    }
    begun.resolve()
    await once(stop, 'abort')
    ended.push(item)
    throw new Error('It was stopped.')
  })
  await expect(work).rejects.toThrow('The first fails.')
  expect(ended).toEqual([1])
})
