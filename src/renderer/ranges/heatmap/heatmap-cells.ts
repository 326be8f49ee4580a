import type { RestorationRange } from '../../../contract/model/recipe'
import { spanKey } from '../../../contract/model/strengths'
import { colorAt, cssColor } from '../../../contract/words/color-scale'
import {
  cellCorner,
  type HeatmapGeometry,
  isInView,
  NUMBERED_CELL,
  SIGNED_CELL
} from '../../plots/heatmap-geometry'
import type { MetricSpec } from '../board/metrics'
import type { Describe } from '../board/readout'
import { isPartial, type RangePoint } from '../board/score-board'

/** Where a range lies in the triangle. */
export interface CellPlace {
  key: string
  range: RestorationRange
  /** Upper left corner. */
  x: number
  y: number
}

/** Those of one start layer; the order of rows is what makes the grid a grid to a screen reader. */
export interface PlacesRow {
  start: number
  places: readonly CellPlace[]
}

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

/** What all cells have in common: while none of it changes, only cells of new scores do. */
export interface CellsLook {
  geometry: HeatmapGeometry
  /** Of that geometry. */
  rows: readonly PlacesRow[]
  spec: MetricSpec
  /** How many prompts an exact score rests on. */
  promptCount: number
  low: number
  high: number
  describe: Describe
}

/** Every range in reading order. */
export function rangesByStart(layerCount: number): RestorationRange[][] {
  return Array.from({ length: layerCount }, (_, start) =>
    Array.from({ length: layerCount - start }, (_unused, offset) => ({ start, end: start + offset }))
  )
}

/** The places of the ranges in view, in reading order. */
export const placesIn = (geometry: HeatmapGeometry): PlacesRow[] =>
  rangesByStart(geometry.layerCount)
    .map((row, start) => ({
      start,
      places: row
        .filter((range) => isInView(geometry.view, range))
        .map((range) => ({ key: spanKey(range), range, ...cellCorner(geometry, range) }))
    }))
    .filter(({ places }) => places.length > 0)

/** The cells of a triangle as they are drawn. */
export interface DrawnCells {
  /** In reading order. */
  cells: readonly HeatmapCell[]
  /** Counts what was drawn of one triangle. */
  turn: number
  /** Places among the cells of those that look otherwise than a turn before. */
  changed: readonly number[]
}

export const NO_CELLS: DrawnCells = { cells: [], turn: -1, changed: [] }

/** Places of the cells that look otherwise than they did when these were drawn, which may be turns ago. */
export const changedPlaces = (drawn: DrawnCells, { cells, turn, changed }: DrawnCells): readonly number[] =>
  turn === drawn.turn + 1 ? changed : [...cells.keys()].filter((place) => drawn.cells[place] !== cells[place])

/**
 * Makes the cells of a triangle. A cell that looks as it did last time is the very object of last time: thousands of them
 * are asked for some times in a second while a few scores arrive, and what is the same is passed over.
 */
export class HeatmapCells {
  private last = NO_CELLS
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
  ): DrawnCells {
    const { layerCount } = look.geometry
    const scored = new Array<RangePoint | undefined>(layerCount * layerCount)
    for (const point of points) scored[point.start * layerCount + point.end] = point
    const before = this.lastLook?.rows === look.rows ? this.last.cells : []
    const looksSame = this.lastLook !== null && sameLook(this.lastLook, look)
    const saysSame = this.lastLook?.describe === look.describe
    const cells: HeatmapCell[] = []
    const changed: number[] = []
    for (const { places } of look.rows) {
      for (const place of places) {
        const point = scored[place.range.start * layerCount + place.range.end]
        const value = (point === undefined ? null : valueOf(point)) ?? old.get(place.key) ?? null
        const was = before[cells.length]
        const known = was?.point === point ? was : undefined
        if (looksSame && known?.value === value) cells.push(known)
        else {
          changed.push(cells.length)
          const label = saysSame ? known?.label : undefined
          cells.push(drawnCell(look, place, point, value, label ?? look.describe(place.range, point)))
        }
      }
    }
    this.lastLook = look
    if (changed.length > 0 || cells.length !== before.length)
      this.last = { cells, changed, turn: this.last.turn + 1 }
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

/** What of a cell's side is left free around a score that rests on some prompts only. */
export const PARTIAL_INSET = 0.14

/** Whether a cell, or what of it an estimate fills, has room for its number. @param signed whether that has its sign before it */
export const hasRoomFor = (cell: number, partial: boolean, signed: boolean): boolean =>
  cell * (partial && signed ? 1 - 2 * PARTIAL_INSET : 1) >= (signed ? SIGNED_CELL : NUMBERED_CELL)

function drawnCell(
  { geometry, spec, promptCount, low, high }: CellsLook,
  { key, range, x, y }: CellPlace,
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
