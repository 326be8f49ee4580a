import { expect, it } from 'vitest'
import type { SweepDocument } from '../../../../../src/contract/documents/crc'
import { pairEndTokens } from '../../../../../src/main/checkpoint/generation-config'
import { openPair } from '../../../../../src/main/checkpoint/pair'
import { pairPaths } from '../../../../../src/main/project/demo'
import { keepSweep } from '../../../../../src/main/project/results/keep-sweep'
import { recentTextModel } from '../../../../../src/main/text/recent-text-models'
import { openDemo } from '../../../../fixtures/open-demo'
import { sweepFixture } from '../../../../fixtures/project-documents'
import { tinyCheck, whole } from '../../../../fixtures/tiny-sweep'

it('keeps a sweep with the check of an earlier one, where nothing that the check depends on has changed', async () => {
  const project = await openDemo()
  const { base, post } = pairPaths({ kind: 'demo', pair: 'blend' })
  const pair = await openPair(base, post)
  const swept = (id: string, change: Partial<SweepDocument> = {}): SweepDocument => ({
    ...sweepFixture({ id, layerCount: pair.post.spec.layerCount }),
    basePath: { path: base, fingerprint: pair.base.checkpoint.fingerprint },
    postPath: { path: post, fingerprint: pair.post.checkpoint.fingerprint },
    ...change
  })
  const first = swept('first')
  const { device, precision, layerCount, basePath, postPath } = first
  const check = {
    ...tinyCheck([{ recipe: { name: 'Layer 1', ranges: [[1, 1]] }, ...whole(0.9, 0.8) }]),
    ...{ sweepId: 'first', device, precision, layerCount, basePath, postPath },
    endTokens: await pairEndTokens(pair, await recentTextModel(post))
  }
  await project.firstPair.saveSweep(first)
  await project.firstPair.saveAnswerCheck(check)

  const { rendering, prompts } = first
  const keyed = (key: string): SweepDocument['prompts'] => prompts.map((prompt) => ({ ...prompt, key }))
  const changes: Record<string, Partial<SweepDocument>> = {
    device: { device: 'webgpu' },
    precision: { precision: 'fp16' },
    program: { programVersion: '0.2.0' },
    rendering: { rendering: { ...rendering, assistantPrefix: 'Answer: ' } },
    prompts: { prompts: prompts.map((prompt) => ({ ...prompt, category: 'other' })) },
    'answer-tokens': { prompts: keyed('other answer tokens') },
    post: { postPath: { path: post, fingerprint: 'another' } }
  }
  for (const [id, change] of Object.entries(changes)) {
    await keepSweep(project.firstPair, swept(id, change))
    expect(await project.firstPair.readAnswerCheck(id), id).toBeNull()
  }

  // Also past sweeps that have none, and with other models beside the ranges.
  const carried = await keepSweep(project.firstPair, swept('again', { uniformBlends: [], recipes: [] }))
  expect(carried).toEqual({ ...check, sweepId: 'again' })
  expect(await project.firstPair.readAnswerCheck('again')).toEqual({ ...check, sweepId: 'again' })
  expect(project.firstPair.sweeps.map(({ id }) => id)).toContain('again')

  // Keys of prompts also depend on the samplers of `whatIf`, on which no check depends.
  const otherSamplers = swept('other-samplers', {
    whatIf: [{ temperature: 2, minP: 0.1 }],
    prompts: keyed('2')
  })
  expect(await keepSweep(project.firstPair, otherSamplers)).toEqual({ ...check, sweepId: 'other-samplers' })

  await project.firstPair.saveAnswerCheck({ ...check, endTokens: [...check.endTokens, 0] })
  for (const sweepId of ['again', 'other-samplers'])
    await project.firstPair.saveAnswerCheck({ ...check, sweepId, endTokens: [...check.endTokens, 0] })
  await keepSweep(project.firstPair, swept('other-ends'))
  expect(await project.firstPair.readAnswerCheck('other-ends')).toBeNull()
})
