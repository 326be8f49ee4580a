import { expect, it } from 'vitest'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { resultEndWords, requireAllDone, runWorkList } from '../../../../src/main/work/work-list'
import { problemOf } from '../../../fixtures/problems'

const ENTRIES = [
  { key: 'a/sweep', needs: [] },
  { key: 'a/check', needs: ['a/sweep'] },
  { key: 'a/evaluate', needs: ['a/check'] },
  { key: 'b/sweep', needs: [] }
]

it('leaves out what needs a failed entry, does the others, and names those that were not done', async () => {
  const begun: string[] = []
  const results = await runWorkList(ENTRIES, {
    name: 'The list',
    signal: new AbortController().signal,
    begins: ({ key }, place) => void begun.push(`${place}: ${key}`),
    run: ({ key }) =>
      key === 'a/sweep'
        ? Promise.reject(new WorkbenchError('bad-file', 'It is broken.', 'Mend it.'))
        : Promise.resolve({ outcome: 'computed' as const, result: key }),
    resultIfNotDone: { result: '' },
    ended: () => undefined
  })
  expect(begun).toEqual(['1: a/sweep', '2: a/check', '3: a/evaluate', '4: b/sweep'])
  expect(results.map(({ outcome, result }) => [outcome, result])).toEqual([
    ['failed', ''],
    ['left out', ''],
    ['left out', ''],
    ['computed', 'b/sweep']
  ])
  expect(results.map(resultEndWords)).toEqual([
    'a/sweep: Failed. It is broken. Mend it.',
    'a/check: Skipped. It needs a/sweep, which failed.',
    'a/evaluate: Skipped. It needs a/check, which failed.',
    expect.stringMatching(/^b\/sweep: Computed in .* s$/)
  ])
  expect(() => requireAllDone(results, 'step')).toThrow('3 of 4 steps were not done: a/sweep, a/check, a/evaluate.')
})

it('begins no entry after it was stopped', async () => {
  const stop = new AbortController()
  const begun: string[] = []
  const list = runWorkList(ENTRIES, {
    name: 'The list',
    signal: stop.signal,
    begins: ({ key }) => void begun.push(key),
    run() {
      stop.abort()
      return Promise.reject(new WorkbenchError('cancelled', 'Stopped.'))
    },
    resultIfNotDone: {},
    ended: () => undefined
  })
  expect(await problemOf(list)).toMatchObject({ code: 'cancelled' })
  expect(begun).toEqual(['a/sweep'])
})
