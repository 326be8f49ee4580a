import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupPrompts, packPrompts } from '../../../../../src/main/engine/tries/prompt-trie'

const promptSet = fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 8 }), {
  minLength: 1,
  maxLength: 12
})

describe('packing prompts into a trie', () => {
  it('computes every distinct prefix once', () => {
    const packed = packPrompts([
      [7, 8, 9],
      [7, 8, 5],
      [7, 8]
    ])
    expect([...packed.tokens]).toEqual([7, 8, 9, 5])
    expect([...packed.positions]).toEqual([0, 1, 2, 2])
    expect(packed.paths.map((path) => [...path])).toEqual([
      [0, 1, 2],
      [0, 1, 3],
      [0, 1]
    ])
  })

  it('has as many rows as distinct prefixes, and paths that spell the prompts', () => {
    fc.assert(
      fc.property(promptSet, (prompts) => {
        const packed = packPrompts(prompts)
        const prefixes = new Set(prompts.flatMap((prompt) => prompt.map((_, i) => prompt.slice(0, i + 1).join())))
        expect(packed.tokens).toHaveLength(prefixes.size)
        prompts.forEach((prompt, p) => {
          const path = packed.paths[p] ?? new Int32Array()
          expect(Array.from(path, (row) => packed.tokens[row])).toEqual(prompt)
          expect(Array.from(path, (row) => packed.positions[row])).toEqual(prompt.map((_, i) => i))
          // Parents first: a row can be computed once the rows before it are.
          expect([...path]).toEqual([...path].sort((a, b) => a - b))
        })
      })
    )
  })
})

describe('splitting prompts into groups', () => {
  it('keeps every prompt once, in order, and every group within both bounds unless a single prompt exceeds them', () => {
    const maximumRows = fc.integer({ min: 0, max: 20 })
    const maximumPrompts = fc.integer({ min: 0, max: 6 })
    fc.assert(
      fc.property(promptSet, maximumRows, maximumPrompts, (prompts, rowBound, promptBound) => {
        const prefixes = prompts.map((prompt) => [prompt, [...prompt, 9]])
        const groups = groupPrompts(prefixes, (size) => {
          const { rows, prefixCount, leaves, longest } = size
          expect(leaves).toBeLessThanOrEqual(Math.min(prefixCount, rows))
          expect(longest).toBeLessThanOrEqual(rows)
          return rows <= rowBound && prefixCount <= 2 * promptBound
        })
        expect(groups.flat()).toEqual(prompts.map((_, i) => i))
        for (const group of groups) {
          const rows = packPrompts(group.flatMap((index) => prefixes[index] ?? [])).tokens.length
          expect((rows <= rowBound && group.length <= promptBound) || group.length === 1).toBe(true)
        }
      })
    )
  })
})
