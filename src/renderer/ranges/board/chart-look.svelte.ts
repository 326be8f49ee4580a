import type { HeatmapView } from '../../plots/heatmap-geometry'

/** Bounds of the trade-off's axes: [low, high] of validity and of diversity. */
export type AxisBounds = readonly [readonly [number, number], readonly [number, number]]

/** The zoom of the triangle and of the trade-off. */
export class ChartLook {
  /** The visible part of the triangle; null for all of it. */
  heatmap = $state.raw<HeatmapView | null>(null)
  scatter = $state.raw<AxisBounds | null>(null)
  readonly zoomed = $derived(this.heatmap !== null || this.scatter !== null)

  reset(): void {
    this.heatmap = null
    this.scatter = null
  }
}
