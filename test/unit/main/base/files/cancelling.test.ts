import { expect, test } from 'vitest'
import { cancellable, throwIfCancelled } from '../../../../../src/main/base/files/cancelling'

const broken = (): Promise<never> => Promise.reject(new Error('the pipe is broken'))

test('whatever an interrupted step reports, the work was cancelled', async () => {
  const controller = new AbortController()
  await expect(cancellable(controller.signal, 'The sweep', broken)).rejects.toThrow('the pipe is broken')
  controller.abort()
  await expect(cancellable(controller.signal, 'The sweep', broken)).rejects.toMatchObject({
    problem: { code: 'cancelled', message: 'The sweep was cancelled.' }
  })
})

test('keeps work that was done before a stop', async () => {
  expect(await cancellable(AbortSignal.abort(), 'The sweep', () => Promise.resolve('scores'))).toBe('scores')
})

test('work without a signal is not stopped', () => {
  expect(() => throwIfCancelled(undefined, 'The run')).not.toThrow()
  expect(() => throwIfCancelled(new AbortController().signal, 'The run')).not.toThrow()
  expect(() => throwIfCancelled(AbortSignal.abort(), 'The run')).toThrow('The run was cancelled.')
})
