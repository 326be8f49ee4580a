import { beforeAll, expect, it } from 'vitest'
import type { SweepDocument } from '../../../../src/contract/documents/crc'
import { elementAt } from '../../../../src/contract/model/look-up'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import type { CrcSweepRequest } from '../../../../src/main/crc/sweep/prepare-sweep'
import { verifiedOnCpu, withUnmergedDifference } from '../../../../src/main/crc/sweep/follow-up'
import { factorTensors, writeAdapter } from '../../../fixtures/adapter-folder'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { scriptedEngine } from '../../../fixtures/scripted-engine'
import { sharedEngine } from '../../../fixtures/shared-engine'
import { computeSweep, demoSweep } from '../../../fixtures/swept-demo'
import { demoPrompts, shortPair } from '../../../fixtures/swept-project'

const { signal } = new AbortController()
const lost = scriptedEngine({}, new WorkbenchError('out-of-memory', 'The pair does not fit.'))
let request: CrcSweepRequest
let onCpu: SweepDocument
/** The same sweep, as if a GPU had computed it. */
let onGpu: SweepDocument

beforeAll(async () => {
  request = await demoSweep({ ...(await shortPair()), prompts: await demoPrompts(8), rho: 0.5 })
  onCpu = await computeSweep(request)
  onGpu = { ...onCpu, device: 'webgpu' }
})

it('says by how much a GPU differs from the CPU', async () => {
  expect(onCpu.selected).not.toBeNull()
  const { notices } = await verifiedOnCpu(sharedEngine.client(), request, onGpu, signal)
  expect(notices.at(-1)).toMatch(
    /^Verified on the CPU: post, base, the selected range on 5 prompts, .* at most (0|\de-\d+) in a probability\.$/
  )
})

it('warns of a GPU with other probabilities', async () => {
  const [prompt, ...others] = onGpu.post.prompts
  if (prompt === undefined) throw new Error('no prompt was scored')
  const [first, ...probabilities] = prompt.probabilities
  const wrong = { ...prompt, probabilities: [(first ?? NaN) + 0.25, ...probabilities] }
  const sweep = { ...onGpu, post: { ...onGpu.post, prompts: [wrong, ...others] } }
  const { notices } = await verifiedOnCpu(sharedEngine.client(), request, sweep, signal)
  expect(notices.at(-1)).toMatch(/^WebGPU may compute wrongly: .* differ by up to 0\.25 in a probability\./)
})

it('says so if nothing could be verified', async () => {
  const { notices } = await verifiedOnCpu(lost, request, onGpu, signal)
  expect(notices.at(-1)).toBe('Nothing was verified on the CPU. The pair does not fit.')
})

it('repeats nothing of a sweep on the CPU', async () => {
  expect(elementAt(onCpu.post.prompts, 0, 'prompt').probabilities.length).toBeGreaterThan(0)
  expect(await verifiedOnCpu(scriptedEngine({}), request, onCpu, signal)).toBe(onCpu)
})

it('reports by how much the logits of an unmerged adapter differ', async () => {
  const engine = sharedEngine.client()
  expect(await withUnmergedDifference(scriptedEngine({}), request, onCpu, signal)).toBe(onCpu)
  const factors = factorTensors('model.layers.0.mlp.down_proj', [128, 352])
  const pair = { base: request.base, post: await writeAdapter(await temporaryFolder(), factors) }
  const { notices } = await withUnmergedDifference(engine, pair, onCpu, signal)
  const shown = /^Post is scored with its adapter merged\. Unmerged, .* by at most (\S+) on 3 prompts\.$/
  const difference = Number(shown.exec(notices.at(-1) ?? '')?.[1])
  expect(difference).toBeGreaterThan(1e-4)
  expect(difference).toBeLessThan(0.5)
  const { notices: failed } = await withUnmergedDifference(lost, pair, onCpu, signal)
  expect(failed.at(-1)).toBe('The adapter was not compared with unmerged arithmetic. The pair does not fit.')
})
