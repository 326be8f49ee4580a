import { beforeEach, describe, expect, it } from 'vitest'
import { BY_CHARACTERS } from '../../../../../src/contract/documents/scored-by'
import { exactGeometry, type HeatmapGeometry } from '../../../../../src/renderer/plots/heatmap-geometry'
import { type CellsContext, CellsPicture } from '../../../../../src/renderer/ranges/heatmap/cells-picture'
import {
  type CellsLook,
  type DrawnCells,
  HeatmapCells,
  positionRows
} from '../../../../../src/renderer/ranges/heatmap/heatmap-cells'
import { metricsOf } from '../../../../../src/renderer/ranges/board/metrics'
import type { RangePoint } from '../../../../../src/renderer/ranges/board/score-board'
import { rangePoint } from '../../../../fixtures/board-content'

/** Rectangles that were filled since last asked, with their colours. */
let filled: { at: readonly number[]; fill: unknown; alpha: number }[] = []
let stroked = 0
const canvas = { width: 0, height: 0 }
const context: CellsContext = {
  canvas,
  fillStyle: '',
  strokeStyle: '',
  globalAlpha: 1,
  clearRect: () => undefined,
  fillRect: (...at) => void filled.push({ at, fill: context.fillStyle, alpha: context.globalAlpha }),
  strokeRect: () => (stroked += 1),
  setTransform: () => undefined
}
const drawnSince = (): typeof filled => {
  const drawn = filled
  filled = []
  return drawn
}

const point = (start: number, end: number, diversity: number, promptCount = 2): RangePoint =>
  rangePoint(start, end, diversity, promptCount)
const colors = { empty: 'grey', surface: 'white' }
/** Cells of 5 pixels. */
const fine = exactGeometry(3, 54, null)
/** Cells of 20 pixels. */
const large = exactGeometry(3, 99, null)

describe('the picture of a triangle', () => {
  let cells = new HeatmapCells()
  let picture = new CellsPicture()
  beforeEach(() => {
    cells = new HeatmapCells()
    picture = new CellsPicture()
    drawnSince()
    stroked = 0
  })
  const rows = (geometry: HeatmapGeometry, points: RangePoint[], old = new Map<string, number>()): DrawnCells =>
    cells.drawn(
      { geometry, rows: rowsOf(geometry), spec, promptCount: 2, low: 0, high: 1, describe: nothing },
      points,
      ({ diversity }) => diversity,
      old
    )

  it('draws of fine cells only those that look otherwise than they did', () => {
    const frame = { geometry: fine, ratio: 1, colors }
    const first = point(0, 0, 0)
    picture.draw(context, rows(fine, [first]), frame)
    expect(canvas).toEqual({ width: 54, height: 54 })
    expect(drawnSince().map(({ fill }) => fill)).toEqual(['rgb(68 1 84)', ...Array(5).fill('grey')])

    picture.draw(context, rows(fine, [first, point(1, 2, 1)]), frame)
    expect(drawnSince()).toEqual([{ at: [46, 41, 5, 5], fill: 'rgb(253 231 37)', alpha: 1 }])
    expect(stroked).toBe(0)
  })

  it('draws all of them where they lie elsewhere, in another theme and on another screen', () => {
    const told = rows(fine, [point(0, 0, 0)])
    for (const frame of [
      { geometry: fine, ratio: 1, colors },
      { geometry: { ...fine }, ratio: 1, colors },
      { geometry: fine, ratio: 2, colors },
      { geometry: fine, ratio: 2, colors: { ...colors } }
    ]) {
      picture.draw(context, told, frame)
      expect(drawnSince()).toHaveLength(6)
    }
    expect(canvas.width).toBe(108)
    picture.forget()
    picture.draw(context, told, { geometry: fine, ratio: 2, colors })
    expect(drawnSince()).toHaveLength(6)
  })

  it('shows scores of the sweep before faintly, and those on some prompts smaller', () => {
    const partial = point(0, 0, 0.5, 1)
    picture.draw(context, rows(fine, [partial], new Map([['0-1', 0.5]])), {
      geometry: fine,
      ratio: 2,
      colors
    })
    const [smaller, old, empty] = drawnSince()
    expect(smaller).toMatchObject({ at: [73, 73, 8, 8], alpha: 1 })
    expect(old).toMatchObject({ at: [82, 72, 10, 10], alpha: 0.3 })
    expect(empty).toMatchObject({ fill: 'grey', alpha: 1 })
  })

  it('separates large cells by lines, which overlap their neighbours too', () => {
    const frame = { geometry: large, ratio: 1, colors }
    const first = point(0, 0, 0)
    picture.draw(context, rows(large, [first]), frame)
    picture.draw(context, rows(large, [first, point(1, 2, 1)]), frame)
    expect(drawnSince()).toHaveLength(12)
    expect(stroked).toBe(12)
  })
})

/** The same for the same geometry, as in the window. */
const rowsOf = (geometry: HeatmapGeometry): CellsLook['rows'] => {
  const rows = rowsByGeometry.get(geometry) ?? positionRows(geometry)
  rowsByGeometry.set(geometry, rows)
  return rows
}
const rowsByGeometry = new WeakMap<HeatmapGeometry, CellsLook['rows']>()
const spec = metricsOf(BY_CHARACTERS).diversity
const nothing = (): string => ''
