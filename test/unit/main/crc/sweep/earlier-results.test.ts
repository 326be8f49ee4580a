import { describe, expect, it } from 'vitest'
import { modelOf, modelsOf } from '../../../../../src/contract/documents/swept-model'
import { elementAt } from '../../../../../src/contract/model/look-up'
import { weightsKey } from '../../../../../src/contract/model/model'
import { findEarlier } from '../../../../../src/main/crc/sweep/crc-sweep'
import { type EarlierResults, holdsSweep, type SweepIdentity } from '../../../../../src/main/crc/sweep/earlier-results'
import { tinySweep } from '../../../../fixtures/tiny-sweep'

const sweep = {
  ...tinySweep(),
  prompts: tinySweep().prompts.map((prompt, index) => ({ ...prompt, key: `key ${index}` }))
}
/** Request of that sweep. */
const identity: SweepIdentity = {
  programVersion: sweep.programVersion,
  base: sweep.basePath.fingerprint,
  post: sweep.postPath.fingerprint,
  layerCount: sweep.layerCount,
  modelKeys: modelsOf(sweep).map(({ model }) => weightsKey(modelOf(model, sweep))),
  baselineCount: 0,
  scoredBy: sweep.scoredBy,
  prompts: sweep.prompts.map(({ key, valid }) => ({ key, validCount: valid.length }))
}

describe('a stored sweep', () => {
  it('contains an equal sweep and a smaller one', () => {
    expect(identity.modelKeys.length).toBeGreaterThan(2)
    expect(holdsSweep(sweep, identity)).toBe(true)
    expect(holdsSweep(sweep, { ...identity, modelKeys: identity.modelKeys.slice(0, -1) })).toBe(true)
  })

  it.each<[string, Partial<SweepIdentity>]>([
    ['one model more', { modelKeys: [...identity.modelKeys, 'another'] }],
    ['other prompts', { prompts: identity.prompts.toReversed() }],
    ['fewer prompts', { prompts: identity.prompts.slice(1) }],
    ['another base', { base: 'other' }],
    ['another post', { post: 'other' }],
    ['another version of the program', { programVersion: '0.0.1' }]
  ])('does not hold that of %s', (_, change) => {
    expect(holdsSweep(sweep, { ...identity, ...change })).toBe(false)
  })
})

describe('what a stopped sweep has kept', () => {
  const { device, precision } = sweep
  const ofPrompt = new Map(identity.modelKeys.map((_, model) => [model, elementAt(sweep.post.prompts, 0, 'prompt')]))
  /** @param count how many prompts were computed */
  const found = (count: number, lastSweep: typeof sweep | null, asked = identity) => {
    const scores = new Map(identity.prompts.slice(0, count).map(({ key }) => [key, ofPrompt]))
    const kept: EarlierResults = { device, precision, scores, split: null }
    return findEarlier(
      { identity: asked, request: {} },
      {
        savedProgress: { find: () => Promise.resolve({ results: [kept], notices: [] }) },
        lastSweep: () => Promise.resolve(lastSweep),
        fresh: false
      }
    )
  }
  const of = identity.prompts.length

  it('is resumed, even if it repeats the last sweep', async () => {
    for (const last of [null, sweep]) {
      const { earlier, interrupted } = await found(of - 1, last)
      expect([earlier?.scores.size, interrupted]).toEqual([of - 1, true])
    }
    expect(await found(of, null)).toMatchObject({ interrupted: true, earlier: { scores: { size: of } } })
  })

  it('is not resumed if it repeats a finished sweep and nothing is missing', async () => {
    expect(await found(of, sweep)).toMatchObject({ interrupted: false, earlier: null })
    const more = { ...identity, modelKeys: [...identity.modelKeys, 'another'] }
    expect(await found(of, sweep, more)).toMatchObject({ interrupted: true })
  })
})
