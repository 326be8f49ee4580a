import { expect, test } from 'vitest'
import { runCooperatively, type Steps } from '../../../../src/main/base/steps'
import { problemOf } from '../../../fixtures/problems'

function* steps(count: number, between: (step: number) => void): Steps<number> {
  for (let step = 0; step < count; step++) {
    between(step)
    yield
  }
  return count
}

test('steps end between two of them when they are stopped, naming the work', async () => {
  const stop = new AbortController()
  const done: number[] = []
  const work = runCooperatively(
    steps(5, (step) => {
      done.push(step)
      if (step === 2) stop.abort()
    }),
    { signal: stop.signal, what: 'The comparison' }
  )
  expect(await problemOf(work)).toEqual({ code: 'cancelled', message: 'The comparison was cancelled.' })
  expect(done).toEqual([0, 1, 2])
  expect(await runCooperatively(steps(3, () => undefined))).toBe(3)
})
