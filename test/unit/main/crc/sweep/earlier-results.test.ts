import { describe, expect, it } from 'vitest'
import { modelOf, modelsOf } from '../../../../../src/contract/documents/swept-model'
import { at } from '../../../../../src/contract/model/look-up'
import { weightsKey } from '../../../../../src/contract/model/model'
import { findEarlier, knownOf } from '../../../../../src/main/crc/sweep/crc-sweep'
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

  it('is of a repetition where the last sweep is that one', async () => {
    expect(await found(null)).toMatchObject({ interrupted: true, repeated: false })
    expect(await found(sweep)).toMatchObject({ interrupted: true, repeated: true })
    const more = { ...identity, modelKeys: [...identity.modelKeys, 'another'] }
    expect(await found(sweep, more)).toMatchObject({ interrupted: true, repeated: false })
  })

  it('is nothing to go on with where it repeats a finished sweep to its end', () => {
    const ofPrompt = new Map(
      identity.modelKeys.map((_, model) => [model, at(sweep.post.prompts, 0, 'prompt')])
    )
    const scores = new Map(identity.prompts.map(({ key }) => [key, ofPrompt]))
    const earlier = { ...kept, scores }
    const of = identity.prompts.length
    expect(knownOf(identity, { earlier, interrupted: true, repeated: false })).toMatchObject({
      known: { prompts: of },
      interrupted: true
    })
    expect(knownOf(identity, { earlier, interrupted: true, repeated: true })).toMatchObject({
      known: { prompts: 0, of },
      interrupted: false
    })
    scores.delete(at(identity.prompts, 0, 'prompt').key)
    expect(knownOf(identity, { earlier, interrupted: true, repeated: true })).toMatchObject({
      known: { prompts: of - 1 },
      interrupted: true
    })
  })
})
