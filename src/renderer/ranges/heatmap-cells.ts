import type { RestorationRange } from '../../contract/model/recipe'
import { rangeKey } from '../../contract/model/strengths'
import { colorAt, cssColor } from '../../contract/words/color-scale'
import { cellCorner, type HeatmapGeometry, isInView } from '../plots/heatmap-geometry'
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

/**
 * Makes the cells of a triangle. A cell that looks as it did last time is the very object of last time: thousands of them
 * are drawn anew some times in a second while a few scores arrive, and Svelte passes over what is the same.
 */
export class HeatmapCells {
  private last = new Map<string, HeatmapCell>()
  /** The ranges of as many layers as the last triangle had. */
  private places: { layerCount: number; rows: { range: RestorationRange; key: string }[][] } | null = null
  private lastLook: CellsLook | null = null

  /**
   * @param points with their values, by key
   * @param old values of the sweep before, by key
   */
  drawn(
    look: CellsLook,
    points: ReadonlyMap<string, { point: RangePoint; value: number | null }>,
    old: ReadonlyMap<string, number | null>
  ): HeatmapRow[] {
    const before = this.lastLook !== null && sameLook(this.lastLook, look) ? this.last : null
    const made = new Map<string, HeatmapCell>()
    const cellOf = ({ range, key }: { range: RestorationRange; key: string }): HeatmapCell => {
      const scored = points.get(key)
      const value = scored?.value ?? old.get(key) ?? null
      const was = before?.get(key)
      const same = was !== undefined && was.point === scored?.point && was.value === value
      const cell = same ? was : drawnCell(look, { key, range, point: scored?.point, value })
      made.set(key, cell)
      return cell
    }
    const rows = this.placesOf(look.geometry.layerCount)
      .map((row, start) => ({
        start,
        cells: row.filter(({ range }) => isInView(look.geometry.view, range)).map(cellOf)
      }))
      .filter(({ cells }) => cells.length > 0)
    this.last = made
    this.lastLook = look
    return rows
  }

  private placesOf(layerCount: number): { range: RestorationRange; key: string }[][] {
    if (this.places?.layerCount !== layerCount) {
      const rows = rangesByStart(layerCount).map((row) =>
        row.map((range) => ({ range, key: rangeKey(range) }))
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
