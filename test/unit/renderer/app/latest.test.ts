import { expect, it } from 'vitest'
import { Latest } from '../../../../src/renderer/app/latest.svelte'
import { Later } from '../../../fixtures/later'

/** Requests that are answered when the test says so. */
class Asked {
  readonly signals = new Map<string, AbortSignal>()
  private readonly answers = new Map<string, Later<string>>()

  readonly request = (name: string) => (signal: AbortSignal) => {
    const answer = new Later<string>()
    this.signals.set(name, signal)
    this.answers.set(name, answer)
    return answer.promise
  }

  answer(name: string): void {
    this.of(name).resolve(`answer to ${name}`)
  }

  fail(name: string): void {
    this.of(name).reject(new Error(`${name} failed`))
  }

  private of(name: string): Later<string> {
    const found = this.answers.get(name)
    if (found === undefined) throw new Error(`${name} was not asked`)
    return found
  }
}

it('answers only the newest question, in whatever order the answers come', async () => {
  const [latest, asked] = [new Latest<string>(), new Asked()]
  const first = latest.ask('first', asked.request('first'))
  const second = latest.ask('second', asked.request('second'))
  expect(asked.signals.get('first')?.aborted).toBe(true)
  asked.answer('second')
  asked.answer('first')
  expect(await first).toBeNull()
  expect(await second).toEqual({ answer: 'answer to second' })
})

it('reports a pending request until the newest answer has arrived', async () => {
  const [latest, asked] = [new Latest<string>(), new Asked()]
  const first = latest.ask('first', asked.request('first'))
  const second = latest.ask('second', asked.request('second'))
  asked.answer('first')
  await first
  expect(latest.awaited).toBe('second')
  asked.answer('second')
  await second
  expect(latest.awaited).toBeNull()
})

it('hides why an older question failed, and throws why the newest did', async () => {
  const [latest, asked] = [new Latest<string>(), new Asked()]
  const first = latest.ask('first', asked.request('first'))
  const second = latest.ask('second', asked.request('second'))
  asked.fail('first')
  asked.fail('second')
  expect(await first).toBeNull()
  await expect(second).rejects.toThrow('second failed')
  expect(latest.awaited).toBeNull()
})

it('does not start a request that is replaced or dropped before its delay is over', async () => {
  const [latest, asked] = [new Latest<string>(), new Asked()]
  const first = latest.ask('first', asked.request('first'), 5)
  const second = latest.ask('second', asked.request('second'), 5)
  expect(latest.awaited).toBe('second')
  latest.drop()
  expect(await Promise.all([first, second])).toEqual([null, null])
  expect([...asked.signals.keys()]).toEqual([])
  expect(latest.awaited).toBeNull()
})
