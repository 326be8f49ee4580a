import { expect, it } from 'vitest'
import { z } from 'zod'
import { modelKey } from '../../../../src/contract/model/model'
import { addedKey, withSharedVariants } from '../../../../src/contract/documents/variant-selection'

const post = { kind: 'post', name: 'post' } as const
const hot = { kind: 'baseline', name: 'hot', baseline: { kind: 'sampler', temperature: 2, minP: 0 } } as const
const framed = { variant: post, prefix: 'Please: ' }

const migration = z.preprocess(withSharedVariants, z.unknown())
const migrated = (settings: unknown): unknown => migration.parse(settings)

it('joins the variants of Samples and of Evaluate, and asks what one of them asked', () => {
  const samples = { added: [hot], leftOut: ['base', 'post'] }
  const evaluation = { added: [framed], leftOut: ['base'] }
  expect(migrated({ rho: 0.9, samples, evaluation })).toMatchObject({
    rho: 0.9,
    variants: { added: [framed, { variant: hot }], leftOut: ['base'], sampled: [] }
  })
})

it('keeps what the only set-up left out, added variants included', () => {
  const settings = migrated({ samples: { added: [hot], leftOut: ['base', modelKey(hot)] } })
  expect(settings).toMatchObject({ variants: { leftOut: ['base', addedKey('hot')] } })
})

it('leaves out what no step asked: additions of one step, and baselines that only Evaluate listed', () => {
  const leftOut = [addedKey('post'), 'sampler 3 0.1', '0-11@0.7', '4-11']
  const settings = migrated({
    samples: { added: [hot], leftOut: [modelKey(hot)] },
    evaluation: { added: [framed], leftOut }
  })
  // Samples asked layers 4 to 11.
  expect(settings).toMatchObject({
    variants: { leftOut: [addedKey('hot'), addedKey('post'), 'sampler 3 0.1', '0-11@0.7'] }
  })
})

it('joins a model that both steps added, under the name that it has in Evaluate', () => {
  const settings = migrated({
    samples: { added: [hot], leftOut: [modelKey(hot)] },
    evaluation: { added: [{ variant: { ...hot, name: 'hotter' } }], leftOut: [addedKey('hotter')] }
  })
  expect(settings).toMatchObject({
    variants: { added: [{ variant: { name: 'hotter' } }], leftOut: [addedKey('hotter')] }
  })
})

it('leaves settings that have shared variants as they are', () => {
  const settings = { variants: { added: [], leftOut: ['post'], sampled: [] }, samples: { leftOut: ['base'] } }
  expect(migrated(settings)).toBe(settings)
  expect(migrated({})).toEqual({ variants: { added: [], leftOut: [], sampled: [] } })
})

it('names a variant that cannot be read, instead of leaving it away', () => {
  const added = [hot, { kind: 'baseline', name: 'cold' }]
  const { error } = migration.safeParse({ samples: { added, leftOut: [] } })
  expect(error?.issues[0]?.path).toEqual(['samples', 'added', 1, 'baseline'])
})
