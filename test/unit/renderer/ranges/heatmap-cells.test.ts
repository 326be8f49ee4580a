import { expect, it } from 'vitest'
import { BY_CHARACTERS } from '../../../../src/contract/documents/scored-by'
import { heatmapGeometry, NUMBERED_CELL, SIGNED_CELL } from '../../../../src/renderer/plots/heatmap-geometry'
import { hasRoomFor, HeatmapCells } from '../../../../src/renderer/ranges/heatmap-cells'
import { metricsOf } from '../../../../src/renderer/ranges/metrics'
import type { RangePoint } from '../../../../src/renderer/ranges/score-board'

const point = (start: number, end: number, diversity: number): RangePoint => ({
  start,
  end,
  diversity,
  validity: 1,
  effectiveChoices: 2,
  promptCount: 1
})
const valueOf = ({ diversity }: RangePoint): number => diversity

it('hands out the same cell again as long as it looks the same', () => {
  const look = {
    geometry: heatmapGeometry(3, 400),
    spec: metricsOf(BY_CHARACTERS).diversity,
    promptCount: 1,
    low: 0,
    high: 1,
    describe: ({ start, end }: { start: number; end: number }) => `${start} to ${end}`
  }
  const cells = new HeatmapCells()
  const [first, second] = [point(0, 1, 0.5), point(1, 2, 0.6)]
  const [before] = cells.drawn(look, [first], valueOf, new Map([['0-2', 0.3]]))
  expect(before?.cells.map(({ label, old, value }) => ({ label, old, value }))).toEqual([
    { label: '0 to 0', old: false, value: null },
    { label: '0 to 1', old: false, value: 0.5 },
    { label: '0 to 2', old: true, value: 0.3 }
  ])

  const more = cells.drawn({ ...look }, [first, second], valueOf, new Map([['0-2', 0.3]]))
  expect(more[0]?.cells.every((cell, index) => cell === before?.cells[index])).toBe(true)
  expect(more[1]?.cells[1]?.value).toBe(0.6)

  const [anew] = cells.drawn(look, [point(0, 1, 0.7), second], valueOf, new Map())
  expect(anew?.cells[0]).toBe(before?.cells[0])
  expect(anew?.cells[1]?.value).toBe(0.7)
  expect(anew?.cells[2]?.value).toBeNull()

  const wider = cells.drawn({ ...look, high: 2 }, [point(0, 1, 0.7)], valueOf, new Map())
  expect(wider[0]?.cells[1]?.fill).not.toBe(anew?.cells[1]?.fill)
})

it('writes a signed number only where what an estimate fills has room for it', () => {
  expect(hasRoomFor(SIGNED_CELL, false, true)).toBe(true)
  expect(hasRoomFor(SIGNED_CELL, true, true)).toBe(false)
  expect(hasRoomFor(SIGNED_CELL * 1.5, true, true)).toBe(true)
  expect(hasRoomFor(NUMBERED_CELL, true, false)).toBe(true)
})
