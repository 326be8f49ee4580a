import { expect, test } from 'vitest'
import { unreachableReason, requireReachable } from '../../../../src/main/endpoint/reachable'
import { startAnswerEndpoint } from '../../../fixtures/answer-endpoint'
import { closedAddress } from '../../../fixtures/closed-address'
import { problemOf } from '../../../fixtures/problems'

const signal = new AbortController().signal

test('refuses an address where nothing takes connections, and sends nothing where something does', async () => {
  const baseUrl = await closedAddress()
  expect(await problemOf(requireReachable({ baseUrl }, 'The judge', signal))).toEqual({
    code: 'bad-input',
    message: `The judge at ${baseUrl} cannot be reached: nothing takes connections there (ECONNREFUSED).`,
    hint: 'Start it, or check its address.'
  })
  const { endpoint, requests } = await startAnswerEndpoint({})
  await requireReachable(endpoint, 'The judge', signal)
  expect(requests).toEqual([])
})

test('distinguishes an address without a server from a slow or cut-off one', () => {
  const failed = (code: string): Error => Object.assign(new Error('failed'), { code })
  expect(unreachableReason(failed('ENOTFOUND'))).toContain('no machine of that name is known')
  expect(unreachableReason(failed('ETIMEDOUT'))).toBeNull()
  expect(unreachableReason(failed('ECONNRESET'))).toBeNull()
})
