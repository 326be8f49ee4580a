import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  axisTicks,
  cellCorner,
  heatmapGeometry,
  rangeAt,
  viewAround,
  viewBetween,
  smallestView,
  viewWith,
  moveFocus,
  rangesBetween
} from '../../../../src/renderer/plots/heatmap-geometry'
import { cellsPath, contourPath } from '../../../../src/renderer/plots/heatmap-paths'

describe('the triangle of ranges', () => {
  it('fills its place with fine cells, and keeps the edges of others sharp', () => {
    expect(heatmapGeometry(64, 400).size).toBeCloseTo(400, 9)
    expect(Number.isInteger(heatmapGeometry(12, 400).cell)).toBe(true)
  })

  it('finds the range under a point of what a zoom shows', () => {
    const geometry = heatmapGeometry(12, 400, { starts: [3, 6], ends: [8, 11] })
    for (const range of [
      { start: 3, end: 8 },
      { start: 6, end: 11 }
    ]) {
      const { x, y } = cellCorner(geometry, range)
      expect(rangeAt(geometry, x + 1, y + 1)).toEqual(range)
    }
    expect(rangeAt(geometry, 1, 1)).toBeNull()
    expect(axisTicks(12, geometry.cell, geometry.view.starts)).toEqual([3, 4, 5, 6])
  })

  it('zooms to the dragged area, in any direction, and to nothing below the diagonal', () => {
    const geometry = heatmapGeometry(12, 37 + 12 * 30)
    const at = (start: number, end: number) => ({ x: 36 + end * 30 + 15, y: 36 + start * 30 + 15 })
    const dragged = { starts: [2, 5], ends: [7, 9] }
    expect(viewBetween(geometry, at(2, 7), at(5, 9))).toEqual(dragged)
    expect(viewBetween(geometry, at(5, 9), at(2, 7))).toEqual(dragged)
    expect(viewBetween(geometry, at(8, 2), at(10, 4))).toBeNull()
  })

  it('follows the focus out of a view, by as little as it takes', () => {
    const view = { starts: [2, 5], ends: [7, 9] } as const
    expect(viewWith(view, { start: 3, end: 8 })).toEqual(view)
    expect(viewWith(view, { start: 6, end: 10 })).toEqual({ starts: [3, 6], ends: [8, 10] })
    expect(viewAround([{ start: 1, end: 9 }], 3, 12)).toEqual({ starts: [0, 6], ends: [5, 11] })
    expect(smallestView([])).toBeNull()
  })
})

describe('the geometry of the triangle', () => {
  const geometry = heatmapGeometry(12, 480)

  it('makes whole-pixel cells that fit the width', () => {
    expect(geometry.cell).toBe(36)
    expect(geometry.size).toBeLessThanOrEqual(480)
  })

  it('finds the range under the middle of each of its cells, and none below the diagonal', () => {
    for (let start = 0; start < 12; start += 1) {
      for (let end = 0; end < 12; end += 1) {
        const { x, y } = cellCorner(geometry, { start, end })
        const found = rangeAt(geometry, x + geometry.cell / 2, y + geometry.cell / 2)
        expect(found).toEqual(start <= end ? { start, end } : null)
      }
    }
  })

  it('finds nothing on the axis labels or past the last layer', () => {
    expect(rangeAt(geometry, 10, 40)).toBeNull()
    expect(rangeAt(geometry, geometry.size + 1, geometry.margin + 1)).toBeNull()
  })

  it('stays within its place for very deep models, which are zoomed into', () => {
    expect(heatmapGeometry(300, 400).size).toBeLessThanOrEqual(400)
  })

  it('draws many cells as one path, those in a row as one', () => {
    const path = cellsPath(geometry, [
      { start: 1, end: 1 },
      { start: 0, end: 1 },
      { start: 0, end: 0 },
      { start: 0, end: 3 }
    ])
    expect(path).toBe('M36 36h72v36h-72zM144 36h36v36h-36zM72 72h36v36h-36z')
  })

  it('draws a contour along the edges behind which there is nothing of a set, those in a row as one', () => {
    const geometry = heatmapGeometry(12, 400)
    const edges = (path: string): number => path.split('M').length - 1
    expect(edges(contourPath(geometry, [{ start: 2, end: 5 }], true))).toBe(4)
    expect(edges(contourPath(geometry, rangesBetween({ start: 2, end: 6 }, { start: 3, end: 5 }), true))).toBe(4)
    // Along the edge of the triangle there is nothing to tell it from: the upper right corner has two edges within.
    expect(edges(contourPath(geometry, [{ start: 0, end: 11 }], false))).toBe(2)
  })

  it('labels every layer when there is room, and fewer when there is not', () => {
    expect(axisTicks(3, 36)).toEqual([0, 1, 2])
    expect(axisTicks(32, 12)).toEqual(Array.from({ length: 16 }, (_, index) => index * 2))
    expect(axisTicks(80, 5)).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75])
  })
})

describe('moving through the heatmap with the keyboard', () => {
  it('moves one cell per arrow and to the ends of a row or column', () => {
    expect(moveFocus({ start: 3, end: 7 }, 'ArrowRight', 12)).toEqual({ start: 3, end: 8 })
    expect(moveFocus({ start: 3, end: 7 }, 'ArrowDown', 12)).toEqual({ start: 4, end: 7 })
    expect(moveFocus({ start: 3, end: 7 }, 'Home', 12)).toEqual({ start: 3, end: 3 })
    expect(moveFocus({ start: 3, end: 7 }, 'End', 12)).toEqual({ start: 3, end: 11 })
    expect(moveFocus({ start: 3, end: 7 }, 'PageUp', 12)).toEqual({ start: 0, end: 7 })
  })

  it('never leaves the triangle', () => {
    const keys = fc.constantFrom('ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown')
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), fc.array(keys, { maxLength: 60 }), (layerCount, pressed) => {
        let focus = { start: 0, end: 0 }
        for (const key of pressed) {
          focus = moveFocus(focus, key, layerCount)
          expect(focus.start).toBeGreaterThanOrEqual(0)
          expect(focus.start).toBeLessThanOrEqual(focus.end)
          expect(focus.end).toBeLessThan(layerCount)
        }
      })
    )
  })
})
