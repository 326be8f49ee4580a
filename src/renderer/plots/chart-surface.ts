import type { BasePlatform } from 'chart.js'

/** What a chart is drawn on: the canvas, or what stands in its place where a figure is written. */
export interface ChartSurface {
  canvas: HTMLCanvasElement
  /** How Chart.js reaches it; undefined: as a canvas of the page. */
  platform?: typeof BasePlatform
}
