import type { BasePlatform } from 'chart.js'

/** The target of a chart's drawing: a canvas of the page, or the recorder of a saved figure. */
export interface ChartSurface {
  canvas: HTMLCanvasElement
  /** How Chart.js accesses the canvas; undefined for a canvas of the page. */
  platform?: typeof BasePlatform
}
