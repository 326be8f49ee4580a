import { describe, expect, it } from 'vitest'
import { VIRIDIS } from '../../../../../src/contract/words/color-scale'
import type { LayerShares } from '../../../../../src/contract/documents/search'
import { BY_CHARACTERS } from '../../../../../src/contract/documents/scored-by'
import { scoreWords } from '../../../../../src/contract/words/score-words'
import type { Drawing } from '../../../../../src/renderer/plots/figures/drawing'
import { gridCsv, type GridContent, gridPart, gridLayout } from '../../../../../src/renderer/plots/figures/grid-drawing'
import { svgOf } from '../../../../../src/renderer/plots/figures/svg'
import { layerAxisFigure } from '../../../../../src/renderer/ranges/layer-axis/layer-axis-figure'
import { sharesFigure } from '../../../../../src/renderer/recipes/shares-figure'
import { figurePage } from '../../../../fixtures/figure-page'

const row = (label: string, values: readonly (number | null)[]) => ({
  label,
  values,
  scale: VIRIDIS,
  domain: [0, 1] as const,
  written: (value: number) => value.toFixed(1),
  format: (value: number) => value.toFixed(3)
})
const GRID: GridContent = {
  corner: 'layer',
  columns: ['q', 'down'],
  rows: [row('first', [0, 1]), row('second', [null, 0.5])]
}

const wordsOf = ({ shapes }: Pick<Drawing, 'shapes'>): string[] =>
  shapes.flatMap((shape) => (shape.kind === 'text' ? [shape.text] : []))
describe('the figure of a grid', () => {
  it('has its cells between the labels, a number in each that has a value, and the same as CSV', async () => {
    const page = figurePage()
    const part = gridPart(GRID, page)
    const drawing = { ...part, width: page.width }
    await expect(svgOf(drawing, 'grid', 85)).toMatchFileSnapshot('./grid.golden.svg')
    expect(wordsOf(part)).toEqual(['layer', 'q', 'down', 'first', '0.0', '1.0', 'second', '0.5'])
    const { left, cellWidth } = gridLayout(GRID, page)
    expect(left + 2 * cellWidth).toBeCloseTo(page.width - 2, 6)
    const titles = part.shapes.flatMap((shape) => (shape.kind === 'path' ? (shape.title ?? []) : []))
    expect(titles).toEqual(['first: 0.000', 'first: 1.000', 'second: 0.500'])
    expect(gridCsv(GRID)).toBe('layer,q,down\r\nfirst,0,1\r\nsecond,,0.5\r\n')
  })

  it('turns labels that are wider than their columns', () => {
    const wide = { ...GRID, columns: ['a name that is wider than its column by far and wide', 'b'] }
    const angles = gridPart(wide, figurePage(200)).shapes.flatMap((shape) =>
      shape.kind === 'text' && wide.columns.includes(shape.text) ? [shape.angle] : []
    )
    expect(angles).toEqual([-90, -90])
  })
})

describe('the figure of layers on one axis', () => {
  it('draws each range below the layers that it restores', async () => {
    const page = figurePage()
    const format = (value: number): string => value.toFixed(2)
    const axis = {
      layerCount: 4,
      rows: [
        {
          kind: 'alone' as const,
          label: 'diversity, restored alone',
          values: [-0.1, 0, 0.1, 0.2],
          centred: true,
          format
        }
      ],
      ranges: [{ start: 1, end: 2, share: 0.9 }]
    }
    const drawing = layerAxisFigure(axis).draw(page)
    await expect(svgOf(drawing, 'layers', 85)).toMatchFileSnapshot('./layer-axis.golden.svg')
    expect(wordsOf(drawing)).toEqual(expect.arrayContaining(['1–2, 90 % of wins', 'loss', 'gain', '0', '3']))
    expect(layerAxisFigure(axis).csv()).toContain('"1–2, 90 % of wins",0,1,1,0')
  })
})

describe('the figure of layer shares', () => {
  it('has bars from 0 in both directions, as long as the shares that it writes', async () => {
    const pair = (values: [number, number]) => ({ diversity: values, validity: values })
    const shares: LayerShares = {
      ...pair([0.2, -0.1]),
      basis: { kind: 'subsets', models: 4 },
      intervals: null,
      interactions: null,
      further: [],
      all: { diversity: 0.1, validity: 0.1 },
      none: { diversity: 0, validity: 0 },
      alone: pair([0, 0]),
      leftOut: pair([0, 0])
    }
    const drawing = sharesFigure(shares, scoreWords(BY_CHARACTERS)).draw(figurePage())
    await expect(svgOf(drawing, 'shares', 85)).toMatchFileSnapshot('./shares.golden.svg')
    expect(wordsOf(drawing)).toEqual(expect.arrayContaining(['Diversity', 'Validity', '+0.200', '−0.100']))
  })
})
