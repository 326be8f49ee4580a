import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Variant } from '../../../../src/contract/documents/samples'
import { withKeptIdentity, NOTHING_KEPT } from '../../../../src/contract/documents/kept-models'
import { blendRecipe } from '../../../../src/contract/documents/swept-model'
import { nameStyle, toneOf, variantStyles } from '../../../../src/contract/documents/variant-styles'
import { keptStyle } from '../../../../src/contract/model/model-style'
import { KEPT_AT } from '../../../fixtures/project-documents'

const recipe = (name: string, mark?: number): Variant => ({
  kind: 'recipe',
  name,
  recipe: { name, ranges: [[0, 1]] },
  ...(mark !== undefined && { kept: { id: `id-${mark}`, mark } })
})
const blend: Variant = {
  kind: 'recipe',
  name: 'uniform-blend',
  recipe: blendRecipe({ strength: 0.7 }, { layerCount: 2, source: null })
}
const look = ({ tone, shape }: ReturnType<typeof keptStyle>): string => `${tone} ${shape}`

describe('how models look', () => {
  it('distinguishes 30 models that a project keeps, neighbours by colour and by shape', () => {
    const styles = Array.from({ length: 30 }, (_, mark) => keptStyle(mark))
    expect(new Set(styles.map(look)).size).toBe(30)
    styles.slice(1).forEach((style, before) => {
      expect(style.tone).not.toBe(styles[before]?.tone)
      expect(style.shape).not.toBe(styles[before]?.shape)
    })
  })

  it('keeps base, post and kept models in their style, whatever is shown beside them and whatever their names are', () => {
    const base: Variant = { kind: 'base', name: 'base' }
    const post: Variant = { kind: 'post', name: 'post' }
    const [, , alone] = variantStyles([base, post, recipe('a', 7)])
    const [, , , among] = variantStyles([post, recipe('range'), recipe('b', 5), recipe('renamed', 7), base])
    expect(among).toEqual(alone)
    expect(toneOf(recipe('renamed', 7))).toBe(alone?.tone)
    expect(toneOf(recipe('a', 1))).not.toBe(toneOf(recipe('b', 2)))
  })

  it('is one colour for one variant, whatever is shown beside it', () => {
    const variants: Variant[] = [
      { kind: 'base', name: 'base' },
      { kind: 'post', name: 'post' },
      recipe('range'),
      blend,
      { kind: 'baseline', name: 'sampler', baseline: { kind: 'sampler', temperature: 3, minP: 0.1 } },
      { kind: 'baseline', name: 'mix', baseline: { kind: 'mix', share: 0.5 } },
      { kind: 'baseline', name: 'filter', baseline: { kind: 'filter', share: 0.1 } },
      ...Array.from({ length: 7 }, (_, mark) => recipe(`kept ${mark}`, mark))
    ]
    fc.assert(
      fc.property(fc.shuffledSubarray(variants, { minLength: 1 }), (some) => {
        const styles = variantStyles(some)
        expect(styles.map(({ tone }) => tone)).toEqual(some.map(toneOf))
        expect(new Set(styles.map(look)).size).toBe(some.length)
        for (const variant of some) expect(nameStyle(some, variant).tone).toBe(toneOf(variant))
      })
    )
    expect(toneOf(blend)).not.toBe(toneOf(recipe('range')))
    expect(toneOf(recipe('first', 0))).not.toBe(toneOf(recipe('range')))
  })

  it('distinguishes variants of one colour by shape', () => {
    const styles = variantStyles(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => recipe(name)))
    expect(new Set(styles.map(look)).size).toBe(6)
  })

  it('shows a shape beside a name just where another of the run has its colour', () => {
    const variants: Variant[] = [{ kind: 'post', name: 'post' }, ...[0, 1, 5].map((mark) => recipe(`${mark}`, mark))]
    const shapes = variants.map((variant) => nameStyle(variants, variant).shape)
    expect(shapes).toEqual([undefined, keptStyle(0).shape, undefined, keptStyle(5).shape])
    expect(shapes[1]).not.toBe(shapes[3])
  })

  it('follows the models that the project keeps now, not those at the time of the run', () => {
    const ranges = recipe('range')
    const source = { sweepId: null, scoredBy: { kind: 'crc' as const }, validity: null, diversity: null }
    const kept = { id: 'id-3', mark: 3, recipe: { name: 'mine', ranges: [[0, 1]] as [number, number][] } }
    const keeping = { recipes: [{ ...kept, ...source, keptAt: KEPT_AT }], otherCheckpoints: [] }
    expect(toneOf(withKeptIdentity(ranges, keeping))).toBe(keptStyle(3).tone)
    expect(withKeptIdentity(recipe('renamed', 3), keeping)).toEqual(recipe('renamed', 3))
    expect(withKeptIdentity(recipe('range', 3), NOTHING_KEPT)).toEqual(ranges)
    expect(withKeptIdentity(ranges, NOTHING_KEPT)).toBe(ranges)
    const checkpoint: Variant = { kind: 'checkpoint', name: 'sft', path: '/sft', fingerprint: 'f' }
    const other = { name: 'sft', path: '/sft', fingerprint: 'f', id: 'id-1', mark: 1 }
    expect(withKeptIdentity(checkpoint, { recipes: [], otherCheckpoints: [other] })).toEqual({
      ...checkpoint,
      kept: { id: 'id-1', mark: 1 }
    })
  })
})
