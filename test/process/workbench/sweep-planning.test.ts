import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { planFacts, planLine, previewLine } from '../../../src/contract/words/plan-words'
import { createEngineHost } from '../../../src/main/engine/host'
import { OwnWorkbench } from '../../fixtures/own-workbench'
import { sharedEngine } from '../../fixtures/shared-engine'
import { demoPrompts } from '../../fixtures/swept-project'
import { waitFor } from '../../fixtures/wait-for'

/** Plans of a project's next sweep, with the demo pair and the built engine process. */

const engine = sharedEngine
let own: OwnWorkbench

beforeEach(async () => {
  own = await OwnWorkbench.open(engine)
})

afterEach(() => own.close())

describe("a project's next sweep", () => {
  it('is planned with its uniformBlends and its memory budget, which can be taken back', async () => {
    const client = own.client()
    const { path } = await client.projects.openDemo({ pair: 'blend' })
    const whole = await client.sweeps.plan({ path, pair: 'pair-1' })
    // 388 for ranges, post and base; 19 blends between the two ends, in 12 layers each; 8 ramps, whose first layer is a blend's.
    expect(whole).toMatchObject({ blockEvaluations: 388 + 19 * 12 + 8 * 11, groups: [{ promptCount: 40 }] })
    if (whole === null) return
    expect(planLine(whole)).toMatch(
      /^1 prompt group · peak \d+ MiB of [\d.]+ GiB · 704 block evaluations · [\d.]+ GFLOP · reads 9\.5 MiB · about [\d.]+ s timed with one block, if the machine gets no busier$/
    )
    expect(whole.preview).toBeNull()
    const previewed = await client.sweeps.plan({ path, pair: 'pair-1', preview: true })
    const preview = previewed?.preview ?? null
    expect(preview === null ? null : previewLine(preview, whole)).toMatch(
      /^all ranges on 5 prompts, finalists on all · at most 2[0-2] % of the work · peak \d+ MiB · about [\d.]+ s/
    )
    const peak = planFacts(whole).find(({ label }) => label === 'peak memory')
    expect(peak?.parts?.map(({ label }) => label)).toEqual([
      'process',
      'weights',
      'hidden states',
      'activations',
      'last states'
    ])

    const thousands = { ...whole, modelCount: 2081, groups: [{ promptCount: 12_000, packedTokens: 1 }] }
    expect(planFacts(thousands)[0]?.value).toBe('2,081 × 12,000')

    let seen = 0
    const change = async (memoryBytes: number | null) => {
      seen = (await client.pairs.update({ path, pair: 'pair-1', seen, changes: { settings: { memoryBytes } } }))
        .revision
    }
    await change(whole.peakBytes - 20e6)
    const tight = await client.sweeps.plan({ path, pair: 'pair-1' })
    expect(tight?.groups.length).toBeGreaterThan(1)
    expect(tight?.memoryBytes).toBe(whole.peakBytes - 20e6)
    await change(100 * 2 ** 20)
    await expect(client.sweeps.plan({ path, pair: 'pair-1' })).rejects.toMatchObject({
      data: { code: 'out-of-memory', hint: expect.stringMatching(/^Allow \d+ MiB or more/) }
    })
    await change(null)
    expect((await client.sweeps.plan({ path, pair: 'pair-1' }))?.memoryBytes).toBe(whole.memoryBytes)
  })

  it('starts at once, whatever is being planned', async () => {
    const client = own.client()
    const { path, revision } = await client.projects.openDemo({ pair: 'blend' })
    await client.prompts.save({ path, pair: 'pair-1', seen: revision, prompts: await demoPrompts(8) })
    await client.sweeps.plan({ path, pair: 'pair-1' })
    const pid = engine.pid ?? NaN
    // A plan that never comes to an end by itself.
    process.kill(pid, 'SIGSTOP')
    const asked = vi.spyOn(engine, 'client')
    onTestFinished(() => asked.mockRestore())
    const planned = client.sweeps.plan({ path, pair: 'pair-1' }).catch((error: unknown) => error)
    await waitFor(() => expect(asked).toHaveBeenCalled())
    await client.sweeps.start({ path, pair: 'pair-1', fresh: false })
    expect(await planned).toMatchObject({ data: { code: 'cancelled' } })
    await expect(client.sweeps.plan({ path, pair: 'pair-1' })).rejects.toMatchObject({
      data: { code: 'busy' }
    })
    process.kill(pid, 'SIGCONT')
    const ends: string[] = []
    for await (const event of await client.sweeps.watch({ path, pair: 'pair-1' })) ends.push(event.type)
    expect(ends.at(-1)).toBe('finished')
  })

  it('is no longer planned when the program ends, and leaves no engine behind', async () => {
    const itsOwn = createEngineHost()
    own = await OwnWorkbench.open(itsOwn)
    const client = own.client()
    const { path } = await client.projects.openDemo({ pair: 'blend' })
    const planned = client.sweeps.plan({ path, pair: 'pair-1' }).catch((error: unknown) => error)
    await own.close()
    // One that had begun is cancelled; from the closing on, no project is opened for another.
    const ended = { data: { code: expect.stringMatching(/^(?:cancelled|busy)$/) } }
    expect(await planned).toMatchObject(ended)
    expect(await client.sweeps.plan({ path, pair: 'pair-1' }).catch((error: unknown) => error)).toMatchObject(ended)
    expect(itsOwn.pid).toBeUndefined()
  })
})
