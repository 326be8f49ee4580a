import { describe, expect, it } from 'vitest'
import type { Variant } from '../../../../src/contract/documents/samples'
import { nameStyle, toneOf, variantStyles } from '../../../../src/contract/documents/variant-styles'
import { at } from '../../../../src/contract/model/look-up'
import { keptStyle } from '../../../../src/contract/model/model-style'

const recipe = (name: string, mark?: number): Variant => ({
  kind: 'recipe',
  name,
  recipe: { name, ranges: [[0, 1]] },
  ...(mark !== undefined && { kept: { id: `id-${mark}`, mark } })
})
const named = (variants: readonly Variant[], wanted: string): Variant =>
  at(
    variants.filter(({ name }) => name === wanted),
    0,
    'variant'
  )
const look = ({ tone, shape }: ReturnType<typeof keptStyle>): string => `${tone} ${shape}`

describe('how models look', () => {
  it('tells 30 of what a project keeps apart, neighbours by colour and by shape', () => {
    const styles = Array.from({ length: 30 }, (_, mark) => keptStyle(mark))
    expect(new Set(styles.map(look)).size).toBe(30)
    styles.slice(1).forEach((style, before) => {
      expect(style.tone).not.toBe(styles[before]?.tone)
      expect(style.shape).not.toBe(styles[before]?.shape)
    })
  })

  it('keeps base, post and what is kept as they are, whatever stands beside them and whatever they are called', () => {
    const base: Variant = { kind: 'base', name: 'base' }
    const post: Variant = { kind: 'post', name: 'post' }
    const [, , alone] = variantStyles([base, post, recipe('a', 7)])
    const [, , , among] = variantStyles([post, recipe('range'), recipe('b', 5), recipe('renamed', 7), base])
    expect(among).toEqual(alone)
    expect(toneOf(recipe('renamed', 7))).toBe(alone?.tone)
    expect(toneOf(recipe('a', 1))).not.toBe(toneOf(recipe('b', 2)))
  })

  it('gives those that are not kept what no kept one of the run has', () => {
    const styles = variantStyles([recipe('a', 0), recipe('range'), recipe('other range'), recipe('b', 10)])
    expect(new Set(styles.map(look)).size).toBe(4)
    expect(variantStyles([recipe('range')])[0]?.tone).toBe(toneOf(recipe('range')))
  })

  it('has no colour twice among base, post, a range and what rivals it, and then no look', () => {
    const variants: Variant[] = [
      { kind: 'base', name: 'base' },
      { kind: 'post', name: 'post' },
      recipe('range'),
      recipe('blend'),
      { kind: 'rival', name: 'sampler', rival: { kind: 'sampler', temperature: 3, minP: 0.1 } },
      { kind: 'rival', name: 'mix', rival: { kind: 'mix', share: 0.5 } },
      { kind: 'rival', name: 'filter', rival: { kind: 'filter', share: 0.1 } }
    ]
    const styles = variantStyles(variants)
    expect(new Set(styles.map(({ tone }) => tone)).size).toBe(7)
    // What has its colour to itself keeps it.
    for (const name of ['base', 'post', 'range', 'mix'])
      expect(nameStyle(variants, named(variants, name))).toEqual({ tone: toneOf(named(variants, name)) })
    const more = variantStyles([...variants, recipe('c'), recipe('d'), recipe('e'), recipe('f')])
    expect(new Set(more.map(look)).size).toBe(11)
  })

  it('shows a shape beside a name just where another of the run has its colour', () => {
    const variants: Variant[] = [
      { kind: 'post', name: 'post' },
      ...[0, 1, 5].map((mark) => recipe(`${mark}`, mark))
    ]
    const shapes = variants.map((variant) => nameStyle(variants, variant).shape)
    expect(shapes).toEqual([undefined, keptStyle(0).shape, undefined, keptStyle(5).shape])
    expect(shapes[1]).not.toBe(shapes[3])
  })
})
