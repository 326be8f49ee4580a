import { createServer } from 'node:http'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { elementAt } from '../../../src/contract/model/look-up'
import type { ServingEvent } from '../../../src/contract/procedures/served-models'
import { listening } from '../../fixtures/listening'
import { OwnWorkbench, type WindowClient } from '../../fixtures/own-workbench'
import { waitFor } from '../../fixtures/wait-for'

const RECIPE = { name: 'mine', ranges: [[5, 11] satisfies [number, number]] }

let workbench: OwnWorkbench
let client: WindowClient
let here: { path: string; pair: string }

beforeAll(async () => {
  workbench = await OwnWorkbench.open()
  client = workbench.client()
  const { path, document } = await client.projects.openDemo({ pair: 'blend' })
  here = { path, pair: document.id }
})
afterAll(() => workbench.close())

/** Follows the server of the demo. @returns its events so far, and a promise of the last */
async function follow(): Promise<{ events: ServingEvent[]; over: Promise<void> }> {
  const events: ServingEvent[] = []
  const stream = await client.serving.watch(here)
  const over = (async () => {
    for await (const event of stream) events.push(event)
  })()
  return { events, over }
}

const urlOf = (events: readonly ServingEvent[]): string =>
  events.flatMap((event) => (event.type === 'progress' ? (event.progress.url ?? []) : [])).at(-1) ?? ''

/** Serves the demo on a free port. */
async function serve(): Promise<{ url: string; events: ServingEvent[]; over: Promise<void> }> {
  await client.serving.start({ ...here, recipe: RECIPE, port: 0 })
  const { events, over } = await follow()
  await waitFor(() => expect(urlOf(events)).not.toBe(''))
  return { url: urlOf(events), events, over }
}

it('serves a recipe, other layers and its speed until it is stopped, once at a time', async () => {
  const { url, events, over } = await serve()
  const api = new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0 })
  expect((await api.models.list()).data.map(({ id }) => id)).toEqual(['base', 'post', 'mine'])
  await expect(client.serving.start({ ...here, recipe: RECIPE, port: 0 })).rejects.toMatchObject({
    data: { message: expect.stringContaining('A server of ') }
  })
  const ask = (model: string) => api.completions.create({ model, prompt: 'The quick brown', max_tokens: 16 })
  await ask('3-4')
  await waitFor(() =>
    expect(
      events.some(
        (event) =>
          event.type === 'progress' && event.progress.tokensPerSecond > 0 && event.progress.models.includes('3-4')
      )
    ).toBe(true)
  )
  await client.serving.cancel(here)
  await over
  expect(events.at(-1)).toEqual({ type: 'cancelled' })
  await expect(ask('mine')).rejects.toThrow('Connection error')
})

it('reports a port that another program uses', async () => {
  const other = createServer()
  const port = Number((await listening(other)).split(':').at(-1))
  await client.serving.start({ ...here, recipe: RECIPE, port })
  const { events, over } = await follow()
  await over
  expect(events.at(-1)).toMatchObject({
    type: 'failed',
    problem: { message: `Port ${port} is in use by another program.` }
  })
})

it('ends with its project', async () => {
  const { url, events, over } = await serve()
  await client.projects.close({ path: here.path })
  await over
  expect(elementAt(events, events.length - 1, 'event')).toEqual({ type: 'cancelled' })
  await expect(fetch(url)).rejects.toThrow('fetch failed')
})
