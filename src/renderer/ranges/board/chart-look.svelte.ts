import type { HeatmapView } from '../../plots/heatmap-geometry'

/** What the axes of the trade-off show: [low, high] of validity and of diversity. */
export type AxisBounds = readonly [readonly [number, number], readonly [number, number]]

/** How the two charts are looked at: the part of each that is shown, and what a drag over them does. */
export class ChartLook {
  /** Null: all of it. */
  heatmap = $state.raw<HeatmapView | null>(null)
  scatter = $state.raw<AxisBounds | null>(null)
  drag = $state<'zoom' | 'mark'>('zoom')
  readonly zoomed = $derived(this.heatmap !== null || this.scatter !== null)

  /** Shows all of both. */
  reset(): void {
    this.heatmap = null
    this.scatter = null
  }
}
