import { join } from 'node:path'
import { expect, it } from 'vitest'
import { SweepDocument } from '../../../../src/contract/documents/crc'
import { openCheckpoint } from '../../../../src/main/checkpoint/checkpoint'
import { withHalvesAlone } from '../../../../src/main/crc/sweep/follow-up'
import type { CrcSweepRequest } from '../../../../src/main/crc/sweep/prepare-sweep'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { exportRecipe } from '../../../fixtures/exported-pair'
import { sharedEngine } from '../../../fixtures/shared-engine'
import { computeSweep, demoSweep } from '../../../fixtures/swept-demo'
import { demoPrompts, shortPair } from '../../../fixtures/swept-project'

it('restores to another checkpoint what a pair restores whose base that is: the same scores, to the bit, and the same selection', async () => {
  const pair = await shortPair()
  const path = join(await temporaryFolder(), 'between')
  const layers = Array.from({ length: 6 }, () => ({ attention: 0.6, mlp: 0.8 }))
  await exportRecipe(pair, { name: 'between', layers }, path)
  const { fingerprint } = await openCheckpoint(path)
  const source = { name: 'between', path, fingerprint }
  // Base as a whole shares blocks with ranges of base: the last bits depend on what goes through a block together.
  const changes = { prompts: await demoPrompts(4), rho: 0.5, wholeBase: false, uniformBlendCount: 3 }
  const request = await demoSweep({ ...pair, ...changes })
  const { signal } = new AbortController()
  const sweepOf = async (asked: CrcSweepRequest): Promise<SweepDocument> => {
    const swept = await computeSweep(asked)
    return SweepDocument.parse(await withHalvesAlone(sharedEngine.client(), asked, swept, signal, () => undefined))
  }
  const ofSource = await sweepOf({ ...request, source })
  const ofPair = await sweepOf({ ...request, base: path })
  const ofBase = await sweepOf(request)
  expect(ofSource.source).toEqual(source)
  expect(ofSource.ranges).toEqual(ofPair.ranges)
  expect(ofSource.uniformBlends).toEqual(ofPair.uniformBlends)
  expect(ofSource.selected).not.toBeNull()
  expect(ofSource.selection).toEqual(ofPair.selection)
  expect(ofSource.recipes.map(({ prompts }) => prompts)).toEqual(ofPair.recipes.map(({ prompts }) => prompts))
  expect(ofSource.recipes[0]?.recipe.name).toMatch(/ from between$/)
  expect(ofSource.work.blockEvaluations).toBe(ofPair.work.blockEvaluations)
  expect(ofSource.ranges).not.toEqual(ofBase.ranges)
})
