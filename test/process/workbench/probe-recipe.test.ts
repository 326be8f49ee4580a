import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { NextToken } from '../../../src/contract/procedures/probe'
import { collect } from '../../fixtures/collect'
import { runHere } from '../../fixtures/command-line'
import { OwnWorkbench } from '../../fixtures/own-workbench'

let own: OwnWorkbench
beforeEach(async () => {
  own = await OwnWorkbench.open()
})
afterEach(() => own.close())

const CliOutput = z.object({ results: z.tuple([z.object({ top: z.array(NextToken) })]) })

describe('a recipe that is probed in a project', () => {
  it('answers as slr sample --next does, beside post and base', async () => {
    const client = own.client()
    const { path, prompts } = await client.projects.openDemo({ pair: 'blend' })
    const prompt = prompts[0]?.text ?? ''
    const recipe = { name: 'selected', ranges: [[4, 11]] satisfies [number, number][] }
    const events = await collect(await client.probes.next({ path, pair: 'pair-1', recipe, prompt }))
    expect(events.map(({ model }) => model)).toEqual(['post', 'hybrid', 'base'])

    const which = [[], ['4-11'], ['base']]
    for (const [index, words] of which.entries()) {
      const { stdout } = await runHere([
        'sample',
        '--next',
        '--blend-demo',
        '--prompt',
        prompt,
        ...words,
        '--json',
        '--quiet'
      ])
      expect(events[index]).toMatchObject({
        type: 'probed',
        top: CliOutput.parse(JSON.parse(stdout)).results[0].top
      })
    }
  })

  it('warns of a prompt beyond the context window, as slr sample --next does', async () => {
    const client = own.client()
    const { path } = await client.projects.openDemo({ pair: 'blend' })
    const events = await client.probes.next({ path, pair: 'pair-1', recipe: null, prompt: 'x'.repeat(600) })
    for await (const event of events) {
      expect(event).toMatchObject({
        notices: [expect.stringMatching(/tokens, above the 512 of the model .*unreliable/)]
      })
    }
  })

  it('names the error in the recipe', async () => {
    const client = own.client()
    const { path } = await client.projects.openDemo({ pair: 'blend' })
    const recipe = { name: 'too deep', ranges: [[3, 12]] satisfies [number, number][] }
    const events = await client.probes.next({ path, pair: 'pair-1', recipe, prompt: 'Hi' })
    await expect(events.next()).rejects.toMatchObject({
      data: { message: expect.stringContaining('layers 0 to 11') }
    })
  })
})
