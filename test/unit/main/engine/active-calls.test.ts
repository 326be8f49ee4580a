import { createRouterClient, os } from '@orpc/server'
import { describe, expect, it } from 'vitest'
import { ActiveCalls } from '../../../../src/main/engine/active-calls'
import { Later } from '../../../fixtures/later'

/** A server with a call that ends when the test says so, and a stream. */
function server() {
  const calls = new ActiveCalls()
  const answer = new Later<number>()
  const step = new Later<void>()
  const client = createRouterClient({
    call: os.use(calls.track).handler(() => answer.promise),
    stream: os.use(calls.track).handler(async function* () {
      yield 1
      await step.promise
      yield 2
    })
  })
  return { calls, answer, step, client }
}

/** Tells if all cancelled calls have ended. */
async function hasEnded(calls: ActiveCalls): Promise<boolean> {
  const pending = new Promise<boolean>((resolve) => setTimeout(() => resolve(false)))
  return Promise.race([calls.cancelledEnded().then(() => true), pending])
}

describe('calls of the engine', () => {
  it('are waited for from when they are cancelled until they have ended', async () => {
    const { calls, answer, client } = server()
    const stop = new AbortController()
    const call = client.call(undefined, { signal: stop.signal })
    expect(await hasEnded(calls)).toBe(true)
    stop.abort()
    expect(await hasEnded(calls)).toBe(false)
    answer.reject(new Error('stopped'))
    await expect(call).rejects.toThrow('stopped')
    expect(await hasEnded(calls)).toBe(true)
  })

  it('have ended with their streams, also one of which no event was taken', async () => {
    const { calls, step, client } = server()
    const stop = new AbortController()
    const events = await client.stream(undefined, { signal: stop.signal })
    const unread = await client.stream(undefined, { signal: stop.signal })
    await events.next()
    const second = events.next()
    stop.abort()
    expect(await hasEnded(calls)).toBe(false)
    await unread.return?.()
    expect(await hasEnded(calls)).toBe(false)
    step.resolve()
    await second
    await events.return?.()
    expect(await hasEnded(calls)).toBe(true)
  })
})
