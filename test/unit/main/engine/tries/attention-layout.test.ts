import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  attentionLayout,
  segmentMask,
  type AttentionLayout
} from '../../../../../src/main/engine/tries/attention-layout'
import { finalRows, packPrompts, type PackedPrompts } from '../../../../../src/main/engine/tries/prompt-trie'

/** For each output row of a layout, the packed rows it may see, in order. */
function visibleRows(layout: AttentionLayout, window: number | null): number[][] {
  const bySlot = layout.segments.flatMap((segment) => {
    const mask = segmentMask(segment, window)
    return Array.from({ length: segment.pathCount * segment.queryLength }, (_, query) => {
      const path = Math.floor(query / segment.queryLength)
      const keys = Array.from({ length: segment.keyLength }, (_, key) => key)
      return keys
        .filter((key) => mask[query * segment.keyLength + key] === 0)
        .map((key) => segment.keyRows[path * segment.keyLength + key] ?? -1)
    })
  })
  return Array.from(layout.resultIndex, (slot) => bySlot[slot] ?? [])
}

/** Returns the rows that a row sees: itself and its ancestors less than the window away. */
function ancestors(packed: PackedPrompts, row: number, window: number | null): number[] {
  const path = packed.paths.find((rows) => rows.includes(row)) ?? new Int32Array()
  const upTo = path.subarray(0, path.indexOf(row) + 1)
  return [...(window === null ? upTo : upTo.slice(-window))]
}

const prompts = fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 14 }), {
  minLength: 1,
  maxLength: 8
})
const sharedPrefix = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 20 })
const window = fc.option(fc.integer({ min: 1, max: 10 }))

describe('attention over packed prompts', () => {
  it('lets every row see itself and its ancestors within the window, and nothing else', () => {
    fc.assert(
      fc.property(prompts, sharedPrefix, window, (tails, prefix, size) => {
        const packed = packPrompts(tails.map((tail) => [...prefix, ...tail]))
        const seen = visibleRows(attentionLayout(packed), size)
        expect(seen).toEqual(Array.from(packed.tokens, (_, row) => ancestors(packed, row, size)))
      })
    )
  })

  it('gives the last rows the same view when only they are computed', () => {
    fc.assert(
      fc.property(prompts, window, (set, size) => {
        const packed = packPrompts(set)
        const rows = finalRows(packed)
        const seen = visibleRows(attentionLayout(packed, rows), size)
        expect(seen).toEqual(Array.from(rows, (row) => ancestors(packed, row, size)))
      })
    )
  })

  it('scores a long shared prefix once instead of once per prompt', () => {
    const prefix = Array.from({ length: 100 }, (_, i) => i)
    const packed = packPrompts([1, 2, 3, 4].map((last) => [...prefix, 1000 + last, 7]))
    const scores = attentionLayout(packed).segments.map((s) => s.pathCount * s.queryLength * s.keyLength)
    expect(scores).toEqual([108 * 108])
  })

  it('gathers a prompt once for dozens of its answers', () => {
    const prompt = Array.from({ length: 12 }, (_, i) => i)
    const answers = Array.from({ length: 100 }, (_, i) => [...prompt, 100 + i, 7])
    const { segments } = attentionLayout(packPrompts(answers))
    const keys = segments.reduce((sum, { keyRows }) => sum + keyRows.length, 0)
    const scores = segments.reduce((sum, { queryRows, keyLength }) => sum + queryRows.length * keyLength, 0)
    expect(keys).toBeLessThan((100 * 14) / 3)
    expect(scores).toBeLessThan(2.5 * 100 * 2 * 14)
  })

  it('keeps a window of one to the row itself', () => {
    const packed = packPrompts([[5, 6, 7]])
    expect(visibleRows(attentionLayout(packed), 1)).toEqual([[0], [1], [2]])
  })
})
