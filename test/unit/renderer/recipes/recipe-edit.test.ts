import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { elementAt } from '../../../../src/contract/model/look-up'
import { type Component, LayerStrength } from '../../../../src/contract/model/recipe'
import {
  describeStrengths,
  nameStrengths,
  postStrengths,
  rangeStrengths,
  recipeOf,
  recipeStrengths,
  uniformBlendStrengths
} from '../../../../src/contract/model/strengths'
import type { Cell } from '../../../../src/renderer/ui/roving'
import {
  beginEdit,
  type Brush,
  cellWords,
  change,
  editSources,
  painted,
  redo,
  type Row,
  ROWS,
  rowsFor,
  rowsOf,
  strengthAt,
  strokeBrush,
  undo
} from '../../../../src/renderer/recipes/recipe-edit'

const LAYERS = 8
const sft = { name: 'sft', path: '/models/sft', fingerprint: 'f1' }
const post = postStrengths(LAYERS)
const { halves, components } = ROWS
const attention = (layer: number): Cell => ({ row: 0, column: layer })
const mlp = (layer: number): Cell => ({ row: 1, column: layer })

describe('painting on the layer strip', () => {
  it('restores whole layers over both rows, whichever corner it begins at', () => {
    const range = rangeStrengths({ start: 2, end: 5 }, LAYERS)
    expect(painted(post, halves, attention(2), mlp(5), { strength: 1 })).toEqual(range)
    expect(painted(post, halves, mlp(5), attention(2), { strength: 1 })).toEqual(range)
  })

  it('restores one half along one row, and leaves the other unchanged', () => {
    const layers = painted(
      painted(post, halves, mlp(1), mlp(2), { strength: 0.5 }),
      halves,
      attention(2),
      attention(2),
      {
        strength: 1
      }
    )
    expect(describeStrengths(layers)).toBe('MLP 1 at 0.5, attention 2, MLP 2 at 0.5')
  })

  it('erases from where it has painted already', () => {
    const layers = painted(post, halves, attention(3), mlp(4), { strength: 1 })
    expect(strokeBrush(layers, halves, attention(3), { strength: 1 })).toEqual({ strength: 0 })
    expect(strokeBrush(layers, halves, attention(3), { strength: 0.5 })).toEqual({ strength: 0.5 })
    expect(strokeBrush(layers, halves, attention(5), { strength: 1 })).toEqual({ strength: 1 })
    expect(painted(layers, halves, attention(3), mlp(4), { strength: 0 })).toEqual(post)
  })

  it('paints components of a half on their own, and is one strength again where they agree', () => {
    const rowOf = (name: Component): number => components.findIndex(({ component }) => component === name)
    const layers = painted(
      post,
      components,
      { column: 4, row: rowOf('q') },
      { column: 6, row: rowOf('v') },
      { strength: 1 }
    )
    expect(describeStrengths(layers)).toBe('q, k and v of layers 4–6')
    expect(rowsFor(layers)).toBe('components')
    expect(strengthAt(elementAt(layers, 4, 'layer'), elementAt(halves, 0, 'row'))).toBeNull()
    const all = painted(layers, components, { column: 4, row: 0 }, { column: 6, row: 4 }, { strength: 1 })
    expect(all).toEqual(painted(post, halves, attention(4), attention(6), { strength: 1 }))
    expect(rowsFor(all)).toBe('halves')
  })

  it('paints from another checkpoint, of which a layer then takes all that it does not leave to post', () => {
    const ofSft: Brush = { strength: 1, source: sft }
    const layers = painted(
      painted(post, halves, attention(2), mlp(3), { strength: 0.5 }),
      halves,
      mlp(3),
      mlp(4),
      ofSft
    )
    expect(describeStrengths(layers)).toBe('2 at 0.5, attention 3 at 0.5 from sft, MLP 3 from sft, MLP 4 from sft')
    expect(strokeBrush(layers, halves, mlp(3), { strength: 1 })).toEqual({ strength: 1 })
    expect(strokeBrush(layers, halves, mlp(3), ofSft)).toEqual({ strength: 0 })
    expect(cellWords(elementAt(layers, 3, 'layer'), elementAt(halves, 0, 'row'), String)).toBe('0.5 of sft')
    expect(cellWords(elementAt(layers, 4, 'layer'), elementAt(halves, 1, 'row'), String)).toBe('sft')
    const erased = painted(layers, halves, mlp(3), mlp(4), { strength: 0 })
    expect(describeStrengths(erased)).toBe('2 at 0.5, attention 3 at 0.5 from sft')
    expect(elementAt(erased, 4, 'layer')).toEqual({ attention: 0, mlp: 0 })
    expect(editSources([], layers)).toEqual([sft])
  })

  it('has a router only where the model has one, and elsewhere restores it with its half', () => {
    const dense = rowsOf('components', false)
    const names = (rows: readonly Row[]): (string | null)[] => rows.map(({ component }) => component)
    expect(names(dense)).not.toContain('router')
    expect(names(rowsOf('components', true))).toContain('router')
    const rowOf = (name: Component): number =>
      dense.findIndex(({ half, component }) => half === 'mlp' && component === name)
    const from = { column: 2, row: rowOf('norms') }
    const all = painted(post, dense, from, { column: 2, row: rowOf('down') }, { strength: 1 })
    expect(elementAt(all, 2, 'layer').mlp).toBe(1)
    const up = { column: 2, row: rowOf('up') }
    const some = painted(all, dense, up, up, { strength: 0 })
    expect(elementAt(some, 2, 'layer').mlp).toEqual({ norms: 1, router: 0, gate: 1, up: 0, down: 1 })
  })
})

describe('undo and redo', () => {
  const place = fc.record({
    column: fc.integer({ min: 0, max: LAYERS - 1 }),
    row: fc.constantFrom(0, 1)
  })
  const strokes = fc.array(fc.tuple(place, place, fc.constantFrom(0, 0.5, 1)), { maxLength: 12 })

  it('go back to the beginning and forth to the end over any strokes', () => {
    fc.assert(
      fc.property(strokes, (drawn) => {
        let edit = beginEdit(post)
        for (const [from, to, strength] of drawn)
          edit = change(edit, painted(edit.layers, halves, from, to, { strength }))
        const end = edit.layers
        const steps = edit.past.length
        for (let step = 0; step < steps; step++) edit = undo(edit)
        expect(edit.layers).toEqual(post)
        expect(undo(edit)).toBe(edit)
        for (let step = 0; step < steps; step++) edit = redo(edit)
        expect(edit.layers).toEqual(end)
        expect(redo(edit)).toBe(edit)
      })
    )
  })

  it('count no stroke without a change, and forget undone strokes after a new one', () => {
    const first = change(beginEdit(post), painted(post, halves, attention(0), mlp(1), { strength: 1 }))
    expect(change(first, [...first.layers])).toBe(first)
    const other = change(undo(first), painted(post, halves, attention(5), mlp(5), { strength: 1 }))
    expect(redo(other)).toBe(other)
  })
})

describe('strengths', () => {
  const half = fc.constantFrom(-0.5, 0, 0.25, 1, 1.5)
  const anyLayer = fc
    .record({
      attention: fc.oneof(half, fc.record({ norms: half, q: half, k: half, v: half, o: half })),
      mlp: fc.oneof(half, fc.record({ norms: half, gate: half, up: half, down: half }))
    })
    .map((layer) => LayerStrength.parse(layer))
  const anyLayers = fc.array(anyLayer, { minLength: LAYERS, maxLength: LAYERS })

  it('become a recipe and are the same again', () => {
    fc.assert(
      fc.property(anyLayers, (layers) => {
        expect(recipeStrengths(recipeOf('any', layers), LAYERS)).toEqual(layers)
      })
    )
  })

  it('are described differently when they differ', () => {
    fc.assert(
      fc.property(anyLayers, anyLayers, (left, right) => {
        const same = JSON.stringify(left) === JSON.stringify(right)
        expect(describeStrengths(left) === describeStrengths(right)).toBe(same)
      })
    )
  })

  it('are named as people write them', () => {
    expect(nameStrengths(rangeStrengths({ start: 4, end: 7 }, LAYERS))).toBe('Layers 4–7')
    expect(nameStrengths(rangeStrengths({ start: 4, end: 4 }, LAYERS))).toBe('Layer 4')
    expect(nameStrengths(painted(post, halves, attention(1), attention(2), { strength: 1 }))).toBe('Attention 1–2')
    expect(nameStrengths(painted(post, halves, attention(4), mlp(4), { strength: 1.5 }))).toBe(
      'Layer 4 at 1.5 (extrapolated)'
    )
    expect(nameStrengths(painted(post, halves, attention(4), attention(4), { strength: -0.5 }))).toBe(
      'Attention 4 at −0.5 (extrapolated)'
    )
    expect(nameStrengths(post)).toBe('Nothing')
    expect(
      recipeOf(
        'two',
        painted(rangeStrengths({ start: 0, end: 1 }, LAYERS), halves, attention(4), mlp(5), { strength: 1 })
      )
    ).toEqual({
      name: 'two',
      ranges: [
        [0, 1],
        [4, 5]
      ]
    })
    expect(uniformBlendStrengths(5)).toEqual([0, 0.25, 0.5, 0.75, 1])
  })
})
