import type { MarkShape } from '../../contract/model/model-style'

/** One value for all points, or one per point. */
type PerPoint<Value> = Value | Value[]

/**
 * Marks with one label, joined by a line or not. Its properties are those of a data set of Chart.js, so that a canvas
 * and a figure draw the same series.
 */
export interface MarkSeries<Point extends { x: number; y: number } = { x: number; y: number }> {
  label: string
  data: Point[]
  pointStyle?: PerPoint<MarkShape>
  pointRadius: number
  pointBackgroundColor?: PerPoint<string>
  pointBorderColor?: PerPoint<string>
  pointBorderWidth?: PerPoint<number>
  pointHoverRadius?: number
  pointHitRadius?: number
  showLine?: boolean
  borderColor?: string
  borderWidth?: number
  borderDash?: [line: number, gap: number]
  /** Pixels beyond the axes in which marks and lines are drawn. */
  clip?: number
}
