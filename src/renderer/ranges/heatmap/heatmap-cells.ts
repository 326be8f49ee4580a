import type { RestorationRange } from '../../../contract/model/recipe'
import { spanKey } from '../../../contract/model/strengths'
import { colorAt, cssColor } from '../../../contract/words/color-scale'
import { cellCorner, type HeatmapGeometry, isInView, NUMBERED_CELL, SIGNED_CELL } from '../../plots/heatmap-geometry'
import type { MetricSpec } from '../board/metrics'
import type { Describe } from '../board/readout'
import { isPartial, type RangePoint } from '../board/score-board'

interface CellPosition {
  key: string
  range: RestorationRange
  /** Upper left corner, in pixels. */
  x: number
  y: number
}

/** The ranges of one start layer. Screen readers need these rows to read the triangle as a grid. */
interface PositionRow {
  start: number
  positions: readonly CellPosition[]
}

export interface HeatmapCell {
  key: string
  range: RestorationRange
  point: RangePoint | undefined
  /** Null if neither the shown sweep nor the previous one has a score. */
  value: number | null
  /** True if the value is from the sweep before the running one. */
  old: boolean
  /** True if the score is based on only some prompts; the cell is then drawn smaller. */
  partial: boolean
  x: number
  y: number
  side: number
  /** Undefined if there is no value. */
  fill: string | undefined
  label: string
}

/** The settings that all cells share. While they are the same, only cells with new scores change. */
export interface CellsLook {
  geometry: HeatmapGeometry
  rows: readonly PositionRow[]
  spec: MetricSpec
  promptCount: number
  low: number
  high: number
  describe: Describe
}

/** Returns all ranges in reading order. */
export function rangesByStart(layerCount: number): RestorationRange[][] {
  return Array.from({ length: layerCount }, (_, start) =>
    Array.from({ length: layerCount - start }, (_unused, offset) => ({ start, end: start + offset }))
  )
}

/** Returns the positions of the visible ranges, in reading order. */
export const positionRows = (geometry: HeatmapGeometry): PositionRow[] =>
  rangesByStart(geometry.layerCount)
    .map((row, start) => ({
      start,
      positions: row
        .filter((range) => isInView(geometry.view, range))
        .map((range) => ({ key: spanKey(range), range, ...cellCorner(geometry, range) }))
    }))
    .filter(({ positions }) => positions.length > 0)

/** The cells of a triangle in one picture. */
export interface DrawnCells {
  cells: readonly HeatmapCell[]
  /** Number of the picture, counting from 0 for one triangle. */
  turn: number
  /** Indices of the cells that differ from the previous picture. */
  changed: readonly number[]
}

export const NO_CELLS: DrawnCells = { cells: [], turn: -1, changed: [] }

/** Returns indices of the cells that differ from an earlier picture, which may be several pictures old. */
export const changedIndices = (drawn: DrawnCells, { cells, turn, changed }: DrawnCells): readonly number[] =>
  turn === drawn.turn + 1 ? changed : [...cells.keys()].filter((index) => drawn.cells[index] !== cells[index])

/**
 * Creates the cells of a triangle. An unchanged cell stays the same object, so that drawing can skip it. While scores
 * arrive, thousands of cells are created several times a second and only a few change.
 */
export class HeatmapCells {
  private last = NO_CELLS
  private lastLook: CellsLook | null = null

  /**
   * Returns the next picture.
   *
   * @param points ranges that have a score
   * @param valueOf returns the value of a range
   * @param old values of the previous sweep, by key
   */
  drawn(
    look: CellsLook,
    points: readonly RangePoint[],
    valueOf: (point: RangePoint) => number | null,
    old: ReadonlyMap<string, number | null>
  ): DrawnCells {
    const { layerCount } = look.geometry
    const scored = new Array<RangePoint | undefined>(layerCount * layerCount)
    for (const point of points) scored[point.start * layerCount + point.end] = point
    const before = this.lastLook?.rows === look.rows ? this.last.cells : []
    const looksSame = this.lastLook !== null && sameLook(this.lastLook, look)
    const saysSame = this.lastLook?.describe === look.describe
    const cells: HeatmapCell[] = []
    const changed: number[] = []
    for (const { positions } of look.rows) {
      for (const position of positions) {
        const point = scored[position.range.start * layerCount + position.range.end]
        const value = (point === undefined ? null : valueOf(point)) ?? old.get(position.key) ?? null
        const previous = before[cells.length]
        const sameScore = previous?.point === point ? previous : undefined
        if (looksSame && sameScore?.value === value) cells.push(sameScore)
        else {
          changed.push(cells.length)
          const label = saysSame ? sameScore?.label : undefined
          cells.push(drawnCell(look, position, point, value, label ?? look.describe(position.range, point)))
        }
      }
    }
    this.lastLook = look
    if (changed.length > 0 || cells.length !== before.length) this.last = { cells, changed, turn: this.last.turn + 1 }
    return this.last
  }
}

const sameLook = (a: CellsLook, b: CellsLook): boolean =>
  a.rows === b.rows &&
  a.spec === b.spec &&
  a.promptCount === b.promptCount &&
  a.low === b.low &&
  a.high === b.high &&
  a.describe === b.describe

/** Inset on each side of a cell whose score is based on only some prompts, as a share of its side. */
export const PARTIAL_INSET = 0.14

/**
 * Reports whether a cell, or the smaller square of an estimate, has room for its number.
 *
 * @param signed true if the number has a sign
 */
export const hasRoomFor = (cell: number, partial: boolean, signed: boolean): boolean =>
  cell * (partial && signed ? 1 - 2 * PARTIAL_INSET : 1) >= (signed ? SIGNED_CELL : NUMBERED_CELL)

function drawnCell(
  { geometry, spec, promptCount, low, high }: CellsLook,
  { key, range, x, y }: CellPosition,
  point: RangePoint | undefined,
  value: number | null,
  label: string
): HeatmapCell {
  const partial = point !== undefined && isPartial(point, { promptCount })
  const inset = partial ? PARTIAL_INSET * geometry.cell : 0
  return {
    key,
    range,
    point,
    value,
    x: x + inset,
    y: y + inset,
    side: geometry.cell - 2 * inset,
    partial,
    old: value !== null && point === undefined,
    fill: value === null ? undefined : cssColor(colorAt(spec.scale, (value - low) / (high - low))),
    label
  }
}
