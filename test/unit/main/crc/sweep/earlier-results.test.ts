import { describe, expect, it } from 'vitest'
import { modelOf, modelsOf } from '../../../../../src/contract/documents/swept-model'
import { weightsKey } from '../../../../../src/contract/model/model'
import { findEarlier } from '../../../../../src/main/crc/sweep/crc-sweep'
import {
  type EarlierResults,
  holdsSweep,
  type SweepIdentity
} from '../../../../../src/main/crc/sweep/earlier-results'
import { tinySweep } from '../../../../fixtures/tiny-sweep'

const sweep = {
  ...tinySweep(),
  prompts: tinySweep().prompts.map((prompt, index) => ({ ...prompt, key: `key ${index}` }))
}
/** What that sweep was asked for. */
const identity: SweepIdentity = {
  programVersion: sweep.programVersion,
  base: sweep.basePath.fingerprint,
  post: sweep.postPath.fingerprint,
  layerCount: sweep.layerCount,
  modelKeys: modelsOf(sweep).map(({ model }) => weightsKey(modelOf(model, sweep))),
  rivalCount: 0,
  scoredBy: sweep.scoredBy,
  prompts: sweep.prompts.map(({ key, valid }) => ({ key, validCount: valid.length }))
}

describe('a stored sweep', () => {
  it('holds what it was asked for, and less', () => {
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
  const kept: EarlierResults = { device, precision, scores: new Map(), split: null }
  const found = (lastSweep: typeof sweep | null, asked = identity) =>
    findEarlier(
      { identity: asked, request: {} },
      {
        checkpoint: { find: () => Promise.resolve({ results: [kept], notices: [] }) },
        lastSweep: () => Promise.resolve(lastSweep),
        fresh: false
      }
    )

  it('is of a sweep that is not finished, unless the last sweep is that one', async () => {
    expect(await found(null)).toMatchObject({ interrupted: true, repeated: false })
    expect(await found(sweep)).toMatchObject({ interrupted: false, repeated: true })
    const more = { ...identity, modelKeys: [...identity.modelKeys, 'another'] }
    expect(await found(sweep, more)).toMatchObject({ interrupted: true, repeated: false })
  })
})
