import type { MarkShape } from '../../contract/model/model-style'
import type { Overlay } from './overlay'

export interface PicturePoint {
  x: number
  y: number
  /** Key of the point's model; null or left out for a point that the pointer cannot choose. */
  model?: string | null
}

/** One value for all points, or one per point. */
type PerPoint<Value> = Value | Value[]

/** Marks with one label, joined by a line or not. Its properties are those of a data set of Chart.js. */
export interface MarkSeries<Point extends PicturePoint = PicturePoint> {
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

export interface PlotAxis {
  title: string
  /** Written where the title does not fit. */
  shortTitle?: string
  bounds: readonly [low: number, high: number]
  /** Returns the label of a tick; when left out, the number. */
  tick?: (value: number) => string
  step?: number
  /** True for ticks at whole numbers only. */
  whole?: boolean
}

/** A plot with two numeric axes. `plot-chart.ts` draws it on a canvas, and `figures/plot-drawing.ts` as SVG. */
export interface PlotPicture<Point extends PicturePoint = PicturePoint> extends Overlay {
  /** The first series is drawn over the others. */
  series: readonly MarkSeries<Point>[]
  x: PlotAxis
  y: PlotAxis
  /** Labels of the series in the legend, in this order. */
  legend: readonly string[]
  /** False if the legend is drawn in figures only, because the window has another one. */
  hasCanvasLegend: boolean
  /** Returns the text that is shown for a point under the pointer, in lines. */
  titleOf: (point: Point) => string
}
