import { createRouterClient } from '@orpc/server'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createProject } from '../../../../src/main/project/create-project'
import { createWorkbench } from '../../../../src/main/workbench/router'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { goldenPath } from '../../../fixtures/goldens'
import { PROMPTS, sweepFixture } from '../../../fixtures/project-documents'
import { noEngine } from '../../../fixtures/scripted-engine'

const QWEN = { base: goldenPath('qwen3', 'base-bf16'), post: goldenPath('qwen3', 'post-bf16') }

/** A workbench with a project of the demo pair, which has a sweep. */
async function demo() {
  const folder = await temporaryFolder()
  vi.stubEnv('SLR_CONFIG_DIR', folder)
  const project = await createProject({
    folder,
    name: 'P',
    pair: { kind: 'demo', pair: 'blend' },
    prompts: PROMPTS
  })
  await project.firstPair.saveSweep(sweepFixture())
  await project.close()
  const { router, close } = createWorkbench({
    engine: noEngine,
    entry: 'browser',
    initial: { project: null }
  })
  onTestFinished(async () => {
    await close()
    vi.unstubAllEnvs()
  })
  return { path: project.path, client: createRouterClient(router) }
}

it('describes each pair in brief, and its models as soon as they were read', async () => {
  const { path, client } = await demo()
  const { added } = await client.pairs.add({ path, ...QWEN })
  expect(added).toBe('pair-2')
  const { pairs } = await client.projects.open({ path, pair: 'pair-1' })
  expect(pairs).toMatchObject([
    { name: 'Blend demo', sweepCount: 1, defaultSweep: { id: 'sweep-1' } },
    { name: 'qwen3', sweepCount: 0, defaultSweep: null, model: null, running: [] }
  ])
  for await (const state of await client.projects.watch({ path, pair: 'pair-1' })) {
    expect(state.document.id).toBe('pair-1')
    if (state.pairs.every(({ model }) => model !== null)) break
  }
  const { pairs: seen, document } = await client.projects.open({ path, pair: 'pair-2' })
  expect(seen[1]?.model).toMatchObject({ family: 'qwen3', layerCount: 4 })
  expect(document).toMatchObject({ id: 'pair-2', location: { kind: 'folders', ...QWEN } })
})

it('answers a call about a pair that was removed by what to do, and opens the first in its place', async () => {
  const { path, client } = await demo()
  await client.pairs.duplicate({ path, pair: 'pair-1' })
  const watched = await client.projects.watch({ path, pair: 'pair-2' })
  await watched.next()
  const { change } = await client.pairs.remove({ path, pair: 'pair-2' })
  await expect(watched.next()).rejects.toMatchObject({ data: { code: 'not-found' } })
  await expect(client.sweeps.known({ path, pair: 'pair-2' })).rejects.toThrow('has no pair pair-2')
  expect((await client.projects.open({ path, pair: 'pair-2' })).document.id).toBe('pair-1')
  const { pairs } = await client.projects.revert({ path, pair: 'pair-1', changes: [change ?? NaN] })
  expect(pairs.map(({ id }) => id)).toEqual(['pair-1', 'pair-2'])
})

it('removes a pair when its addition is undone by that very pair, and brings it back', async () => {
  const { path, client } = await demo()
  const { added, change } = await client.pairs.add({ path, ...QWEN })
  await client.projects.open({ path, pair: added })
  const undone = await client.projects.revert({ path, pair: added, changes: [change ?? NaN] })
  expect(undone.pairs.map(({ id }) => id)).toEqual(['pair-1'])
  const redone = await client.projects.revert({ path, pair: 'pair-1', changes: [undone.change ?? NaN] })
  expect(redone.pairs.map(({ id }) => id)).toEqual(['pair-1', 'pair-2'])
})
