import { describe, expect, it } from 'vitest'
import { heatmapGeometry, rangesBetween } from '../../../../src/renderer/plots/heatmap-geometry'
import { contourPath } from '../../../../src/renderer/plots/heatmap-paths'

describe('paths over the triangle of ranges', () => {
  it('draws a contour along the edges behind which there is nothing of a set, those in a row as one', () => {
    const geometry = heatmapGeometry(12, 400)
    const edges = (path: string): number => path.split('M').length - 1
    expect(edges(contourPath(geometry, [{ start: 2, end: 5 }], true))).toBe(4)
    expect(
      edges(contourPath(geometry, rangesBetween({ start: 2, end: 6 }, { start: 3, end: 5 }), true))
    ).toBe(4)
    // Along the edge of the triangle there is nothing to tell it from: the upper right corner has two edges within.
    expect(edges(contourPath(geometry, [{ start: 0, end: 11 }], false))).toBe(2)
  })
})
