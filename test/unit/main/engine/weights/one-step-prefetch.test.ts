import { expect, test } from 'vitest'
import { OneStepPrefetch } from '../../../../../src/main/engine/weights/one-step-prefetch'

test('one step is read ahead of the one that was handed out, and no more', async () => {
  const begun: string[] = []
  const ahead = new OneStepPrefetch(['a', 'b', 'c'], (step) => {
    begun.push(step)
    return Promise.resolve(step.toUpperCase())
  })
  expect(begun).toEqual(['a'])
  expect((await ahead.next()).read).toBe('A')
  expect(begun).toEqual(['a', 'b'])
  expect((await ahead.next()).read).toBe('B')
  expect((await ahead.next()).read).toBe('C')
  expect(begun).toEqual(['a', 'b', 'c'])
  await expect(ahead.next()).rejects.toThrow('nothing is read after 3 steps')
})

test('a read that fails fails the step that needs it', async () => {
  const ahead = new OneStepPrefetch([1, 2], (step) =>
    step === 1 ? Promise.resolve(step) : Promise.reject(new Error(`step ${step} cannot be read`))
  )
  expect((await ahead.next()).read).toBe(1)
  await expect(ahead.next()).rejects.toThrow('step 2 cannot be read')
})

test('steps that become known later follow those before, and are read ahead of each other', async () => {
  const begun: number[] = []
  const ahead = new OneStepPrefetch([1], (step) => {
    begun.push(step)
    return Promise.resolve(step)
  })
  expect((await ahead.next()).read).toBe(1)
  expect(begun).toEqual([1])
  ahead.add([2, 3])
  expect(begun).toEqual([1])
  expect((await ahead.next()).read).toBe(2)
  expect(begun).toEqual([1, 2, 3])
  expect((await ahead.next()).read).toBe(3)
  await expect(ahead.next()).rejects.toThrow('nothing is read after 3 steps')
})
