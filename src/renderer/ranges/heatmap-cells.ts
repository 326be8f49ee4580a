import type { RestorationRange } from '../../contract/model/recipe'
import { rangeKey } from '../../contract/model/strengths'
import { colorAt, cssColor } from '../../contract/words/color-scale'
import {
  cellCorner,
  type HeatmapGeometry,
  isInView,
  NUMBERED_CELL,
  SIGNED_CELL
} from '../plots/heatmap-geometry'
import type { MetricSpec } from './metrics'
import { isPartial, type RangePoint } from './score-board'

/** What is said of a range to those who cannot see it; the range may have no score yet. */
export type Describe = (range: RestorationRange, point: RangePoint | undefined) => string

/** A range as it is drawn. */
export interface HeatmapCell {
  key: string
  range: RestorationRange
  point: RangePoint | undefined
  /** Null where neither the shown sweep nor the one before has a score. */
  value: number | null
  /** Whether the value is of the sweep before the one that runs. */
  old: boolean
  /** Whether the score rests on some of the prompts only: drawn smaller. */
  partial: boolean
  x: number
  y: number
  side: number
  /** Undefined where there is no value. */
  fill: string | undefined
  label: string
}

export interface HeatmapRow {
  start: number
  cells: readonly HeatmapCell[]
}

/** What all cells have in common: while none of it changes, only cells of new scores do. */
export interface CellsLook {
  geometry: HeatmapGeometry
  spec: MetricSpec
  /** How many prompts an exact score rests on. */
  promptCount: number
  low: number
  high: number
  describe: Describe
}

/** Every range in reading order; the order of rows is what makes the grid a grid to a screen reader. */
export function rangesByStart(layerCount: number): RestorationRange[][] {
  return Array.from({ length: layerCount }, (_, start) =>
    Array.from({ length: layerCount - start }, (_unused, offset) => ({ start, end: start + offset }))
  )
}

/** A range with where it lies among all pairs of layers. */
interface Place {
  range: RestorationRange
  key: string
  index: number
}

/**
 * Makes the cells of a triangle. A cell that looks as it did last time is the very object of last time: thousands of them
 * are asked for some times in a second while a few scores arrive, and what is the same is passed over.
 */
export class HeatmapCells {
  /** By place. */
  private last: HeatmapCell[] = []
  /** The ranges of as many layers as the last triangle had. */
  private places: { layerCount: number; rows: Place[][] } | null = null
  private lastLook: CellsLook | null = null

  /**
   * @param points that have a score
   * @param valueOf what is shown of one
   * @param old values of the sweep before, by key
   */
  drawn(
    look: CellsLook,
    points: readonly RangePoint[],
    valueOf: (point: RangePoint) => number | null,
    old: ReadonlyMap<string, number | null>
  ): HeatmapRow[] {
    const { layerCount, view } = look.geometry
    const scored: RangePoint[] = []
    for (const point of points) scored[point.start * layerCount + point.end] = point
    const before = this.lastLook !== null && sameLook(this.lastLook, look) ? this.last : []
    const made: HeatmapCell[] = []
    const cellOf = ({ range, key, index }: Place): HeatmapCell => {
      const point = scored[index]
      const value = (point === undefined ? null : valueOf(point)) ?? old.get(key) ?? null
      const was = before[index]
      const same = was !== undefined && was.point === point && was.value === value
      const cell = same ? was : drawnCell(look, { key, range, point, value })
      made[index] = cell
      return cell
    }
    const rows = this.placesOf(layerCount)
      .map((row, start) => ({
        start,
        cells: row.filter(({ range }) => isInView(view, range)).map(cellOf)
      }))
      .filter(({ cells }) => cells.length > 0)
    this.last = made
    this.lastLook = look
    return rows
  }

  private placesOf(layerCount: number): Place[][] {
    if (this.places?.layerCount !== layerCount) {
      const rows = rangesByStart(layerCount).map((row) =>
        row.map((range) => ({
          range,
          key: rangeKey(range),
          index: range.start * layerCount + range.end
        }))
      )
      this.places = { layerCount, rows }
    }
    return this.places.rows
  }
}

const sameLook = (a: CellsLook, b: CellsLook): boolean =>
  a.geometry === b.geometry &&
  a.spec === b.spec &&
  a.promptCount === b.promptCount &&
  a.low === b.low &&
  a.high === b.high &&
  a.describe === b.describe

/** What of a cell's side is left free around a score that rests on some prompts only. */
export const PARTIAL_INSET = 0.14

/** Whether a cell, or what of it an estimate fills, has room for its number. @param signed whether that has its sign before it */
export const hasRoomFor = (cell: number, partial: boolean, signed: boolean): boolean =>
  cell * (partial && signed ? 1 - 2 * PARTIAL_INSET : 1) >= (signed ? SIGNED_CELL : NUMBERED_CELL)

function drawnCell(
  { geometry, spec, promptCount, low, high, describe }: CellsLook,
  told: Pick<HeatmapCell, 'key' | 'range' | 'point' | 'value'>
): HeatmapCell {
  const { range, point, value } = told
  const corner = cellCorner(geometry, range)
  const partial = point !== undefined && isPartial(point, { promptCount })
  const inset = partial ? PARTIAL_INSET * geometry.cell : 0
  return {
    ...told,
    x: corner.x + inset,
    y: corner.y + inset,
    side: geometry.cell - 2 * inset,
    partial,
    old: value !== null && point === undefined,
    fill: value === null ? undefined : cssColor(colorAt(spec.scale, (value - low) / (high - low))),
    label: describe(range, point)
  }
}
