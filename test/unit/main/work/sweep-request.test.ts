import { expect, it } from 'vitest'
import { BY_CHARACTERS } from '../../../../src/contract/documents/scored-by'
import { DEFAULT_UNIFORM_BLENDS } from '../../../../src/contract/model/recipe'
import type { SweepSettings } from '../../../../src/contract/work/settings'
import { builtinPromptSet } from '../../../../src/main/crc/task/builtin-prompts'
import { withKept } from '../../../../src/main/project/pair/kept-recipes'
import { Devices } from '../../../../src/main/work/devices'
import { sweepRequest } from '../../../../src/main/work/sweep-request'
import { folderContext, projectContext } from '../../../../src/main/work/work-context'
import { openDemo } from '../../../fixtures/open-demo'
import { problemOf } from '../../../fixtures/problems'
import { shortPair } from '../../../fixtures/swept-project'

const devices = new Devices()
const demo = folderContext({ kind: 'demo', pair: 'blend' })

it('sweeps models without a project by the built-in defaults', async () => {
  const request = await sweepRequest({}, demo, devices)
  expect(request).toMatchObject({
    rho: 0.9,
    ranges: true,
    baselines: true,
    uniformBlendCount: 0,
    source: null
  })
  expect(request).toMatchObject({ recipes: [], checkpoints: [], memoryBytes: null })
  expect(request.device?.device).toBe('cpu')
  expect(request.prompts).toEqual(await builtinPromptSet('demo-crc'))
  const folders = folderContext({ kind: 'folders', ...(await shortPair()) })
  expect((await sweepRequest({}, folders, devices)).prompts).toEqual(await builtinPromptSet('crc'))
})

it('takes what the settings leave open from the pair of a project', async () => {
  const { firstPair: pair } = await openDemo()
  const kept = { name: 'upper', ranges: [[3, 7]] as [number, number][] }
  await pair.update({ settings: { rho: 0.7, memoryBytes: 2e9 }, rendering: { systemPrompt: 'Be brief.' } })
  const source = { sweepId: null, scoredBy: BY_CHARACTERS, validity: null, diversity: null }
  await pair.edit((document) => withKept(document, 'r1', kept, source, '2026-01-01T00:00:00.000Z'))
  const request = await sweepRequest({}, projectContext(pair), devices)
  expect(request).toMatchObject({
    rho: 0.7,
    memoryBytes: 2e9,
    uniformBlendCount: DEFAULT_UNIFORM_BLENDS,
    recipes: [kept]
  })
  expect(request.prompts).toEqual(pair.prompts)
  expect(request.rendering.systemPrompt).toBe('Be brief.')
  const settings: SweepSettings = { rho: 0.8, uniformBlends: 0, memory: 3e9, system: '' }
  const changed = await sweepRequest(settings, projectContext(pair), devices)
  expect(changed).toMatchObject({ rho: 0.8, memoryBytes: 3e9, uniformBlendCount: 0 })
  expect(changed.rendering.systemPrompt).toBe('')
})

it('draws by the sampler of a task but for the settings that are given', async () => {
  const settings: SweepSettings = { task: 'demo-open', temperature: 0.5, topK: 0, draws: 7, split: true }
  const request = await sweepRequest(settings, demo, devices)
  expect(request).toMatchObject({
    split: true,
    prompts: { kind: 'task', task: { id: 'demo-open' }, draws: 7, sampling: { temperature: 0.5, topK: null } }
  })
})

it('changes the rendering of prompts', async () => {
  const settings: SweepSettings = { system: 'Be brief.', date: '2026-01-31', countLeadingSpace: true }
  const { rendering } = await sweepRequest(settings, demo, devices)
  expect(rendering).toMatchObject({ systemPrompt: 'Be brief.', date: '2026-01-31', countLeadingSpace: true })
})

it('refuses half precision on a device without it', async () => {
  const problem = await problemOf(sweepRequest({ device: 'cpu', precision: 'fp16' }, demo, devices))
  expect(problem).toMatchObject({ code: 'unsupported' })
})

it('reports the checkpoint of a project that is gone', async () => {
  const { firstPair: pair } = await openDemo()
  await pair.update({ settings: { source: 'gone' } })
  expect(await problemOf(sweepRequest({}, projectContext(pair), devices))).toMatchObject({
    code: 'not-found'
  })
  expect(await sweepRequest({ source: 'base' }, projectContext(pair), devices)).toMatchObject({
    source: null
  })
})
