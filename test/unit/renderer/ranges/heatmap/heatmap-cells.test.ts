import { expect, it } from 'vitest'
import { BY_CHARACTERS } from '../../../../../src/contract/documents/scored-by'
import { heatmapGeometry, NUMBERED_CELL, SIGNED_CELL } from '../../../../../src/renderer/plots/heatmap-geometry'
import {
  type CellsLook,
  changedIndices,
  type DrawnCells,
  hasRoomFor,
  HeatmapCells,
  NO_CELLS,
  positionRows
} from '../../../../../src/renderer/ranges/heatmap/heatmap-cells'
import { metricsOf } from '../../../../../src/renderer/ranges/board/metrics'
import type { RangePoint } from '../../../../../src/renderer/ranges/board/score-board'
import { rangePoint } from '../../../../fixtures/board-content'

const point = (start: number, end: number, diversity: number): RangePoint => rangePoint(start, end, diversity, 1)
const valueOf = ({ diversity }: RangePoint): number => diversity
const geometry = heatmapGeometry(3, 400)
const look: CellsLook = {
  geometry,
  rows: positionRows(geometry),
  spec: metricsOf(BY_CHARACTERS).diversity,
  promptCount: 1,
  low: 0,
  high: 1,
  describe: ({ start, end }) => `${start} to ${end}`
}

it('hands out the same cell again as long as it looks the same', () => {
  const cells = new HeatmapCells()
  const [first, second] = [point(0, 1, 0.5), point(1, 2, 0.6)]
  const before = cells.drawn(look, [first], valueOf, new Map([['0-2', 0.3]])).cells
  expect(before.slice(0, 3).map(({ label, old, value }) => ({ label, old, value }))).toEqual([
    { label: '0 to 0', old: false, value: null },
    { label: '0 to 1', old: false, value: 0.5 },
    { label: '0 to 2', old: true, value: 0.3 }
  ])

  const more = cells.drawn({ ...look }, [first, second], valueOf, new Map([['0-2', 0.3]])).cells
  expect(more.slice(0, 3).every((cell, index) => cell === before[index])).toBe(true)
  expect(more[4]?.value).toBe(0.6)

  const anew = cells.drawn(look, [point(0, 1, 0.7), second], valueOf, new Map()).cells
  expect(anew[0]).toBe(before[0])
  expect(anew[1]?.value).toBe(0.7)
  expect(anew[2]?.value).toBeNull()

  const wider = cells.drawn({ ...look, high: 2 }, [point(0, 1, 0.7)], valueOf, new Map()).cells
  expect(wider[1]?.fill).not.toBe(anew[1]?.fill)
})

it('reports changed cells to readers that saw the last turn and to those that did not', () => {
  const cells = new HeatmapCells()
  const turn = (...points: RangePoint[]): DrawnCells => cells.drawn(look, points, valueOf, new Map())
  const empty = turn()
  expect(changedIndices(NO_CELLS, empty)).toEqual([0, 1, 2, 3, 4, 5])
  const [a, b] = [point(0, 1, 0.5), point(1, 2, 0.6)]
  const one = turn(a)
  expect(changedIndices(empty, one)).toEqual([1])
  expect(turn(a)).toBe(one)
  const two = turn(a, b)
  expect(changedIndices(one, two)).toEqual([4])
  expect(changedIndices(empty, two)).toEqual([1, 4])
  expect(changedIndices(two, two)).toEqual([])
  expect(changedIndices(NO_CELLS, two)).toEqual([0, 1, 2, 3, 4, 5])
})

it('writes a signed number only where what an estimate fills has room for it', () => {
  expect(hasRoomFor(SIGNED_CELL, false, true)).toBe(true)
  expect(hasRoomFor(SIGNED_CELL, true, true)).toBe(false)
  expect(hasRoomFor(SIGNED_CELL * 1.5, true, true)).toBe(true)
  expect(hasRoomFor(NUMBERED_CELL, true, false)).toBe(true)
})
