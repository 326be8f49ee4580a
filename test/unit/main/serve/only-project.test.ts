import { cp, mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createRouterClient } from '@orpc/server'
import { expect, onTestFinished, test, vi } from 'vitest'
import { restrictTo } from '../../../../src/main/base/files/only-folder'
import { resourcePath } from '../../../../src/main/base/resources'
import { createProject } from '../../../../src/main/project/create-project'
import { rememberProject } from '../../../../src/main/project/recents'
import { createWorkbench } from '../../../../src/main/workbench/router'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { LAYERS_4_11, PROMPTS } from '../../../fixtures/project-documents'
import { noEngine } from '../../../fixtures/scripted-engine'

/** A workbench that keeps to a folder, with a project in it whose pair lies outside. */
async function externalPair() {
  const home = await temporaryFolder()
  vi.stubEnv('SLR_ONLY_DIRS', '')
  vi.stubEnv('SLR_CONFIG_DIR', join(home, 'config'))
  const only = join(home, 'only')
  await mkdir(only)
  const pair = { base: resourcePath('blend-pair', 'base'), post: resourcePath('blend-pair', 'post') }
  const prompts = { folder: only, prompts: PROMPTS }
  const project = await createProject({ ...prompts, name: 'P', pair: { kind: 'folders', ...pair } })
  await project.close()
  const workbench = createWorkbench({
    engine: noEngine,
    entry: 'browser',
    initial: { project: null }
  })
  onTestFinished(async () => {
    await workbench.close()
    vi.unstubAllEnvs()
  })
  restrictTo(only, [join(home, 'config'), resourcePath('prompts')])
  return { home, only, pair, path: project.path, client: createRouterClient(workbench.router) }
}

test('a project may lie in the folder, its pair outside is not read by anything', async () => {
  const { only, pair, path, client } = await externalPair()
  const outside = `${pair.base} lies outside ${only}.`
  const { pairProblem, document } = await client.projects.open({ path })
  expect(pairProblem?.message).toContain(outside)
  const recipe = LAYERS_4_11
  await expect(client.exports.plan({ path, pair: 'pair-1', recipe, target: null })).rejects.toThrow(outside)
  await expect(
    client.exports.start({ path, pair: 'pair-1', recipe, target: join(only, 'e'), overwrite: false })
  ).rejects.toThrow(outside)
  await expect(client.sweeps.plan({ path, pair: 'pair-1' })).rejects.toThrow('lies outside')
  await expect(client.checkpoints.add({ path, pair: 'pair-1', folder: only })).rejects.toThrow('lies outside')
  await expect(client.prompts.render({ path, pair: 'pair-1' })).rejects.toThrow('lies outside')
  const { content } = await client.projects.report({ path, pair: 'pair-1', format: 'markdown' })
  expect(content).toContain('lies outside')
  expect(document.checkpoints).toBeNull()
})

test('such a project names a pair in the folder, except for weights that are links out of it', async () => {
  const { home, only, path, pair, client } = await externalPair()
  const moved = { base: join(only, 'base'), post: join(only, 'post') }
  for (const [from, to] of [
    [pair.base, moved.base],
    [pair.post, moved.post]
  ] as const)
    await cp(from, to, { recursive: true })
  expect((await client.pairs.relocate({ path, pair: 'pair-1', ...moved })).pairProblem).toBeNull()
  await cp(join(moved.post, 'model.safetensors'), join(home, 'weights'))
  await rm(join(moved.post, 'model.safetensors'))
  await symlink(join(home, 'weights'), join(moved.post, 'model.safetensors'))
  const { pairProblem } = await client.projects.open({ path })
  expect(pairProblem?.message).toBe(`${join(moved.post, 'model.safetensors')} lies outside ${only}.`)
})

test('models and projects outside the folder are not listed', async () => {
  const { home, only, path, client } = await externalPair()
  vi.stubEnv('HF_HUB_CACHE', resourcePath('blend-pair'))
  await rememberProject({ path: join(home, 'Q.slr'), name: 'Q' })
  await client.projects.open({ path })
  expect(await client.app.recent()).toMatchObject([{ path }])
  await client.app.addModelFolder({ folder: only })
  expect((await client.app.localPairs()).pairs).toEqual([])
})
