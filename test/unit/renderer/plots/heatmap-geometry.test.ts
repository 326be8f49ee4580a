import { describe, expect, it } from 'vitest'
import {
  axisTicks,
  cellCorner,
  heatmapGeometry,
  rangeAt,
  viewAround,
  viewBetween,
  smallestView,
  viewWith
} from '../../../../src/renderer/plots/heatmap-geometry'

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

  it('zooms to what is dragged over, in whatever direction, and to nothing below the diagonal', () => {
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
