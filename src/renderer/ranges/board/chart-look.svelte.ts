import type { HeatmapView } from '../../plots/heatmap-geometry'

/** Bounds of the trade-off's axes: [low, high] of validity and of diversity. */
export type AxisBounds = readonly [readonly [number, number], readonly [number, number]]

/** View state of the two charts: the visible part of each, and the effect of dragging. */
export class ChartLook {
  /** The visible part, here and below; null for all. */
  heatmap = $state.raw<HeatmapView | null>(null)
  scatter = $state.raw<AxisBounds | null>(null)
  drag = $state<'zoom' | 'mark'>('zoom')
  readonly zoomed = $derived(this.heatmap !== null || this.scatter !== null)

  /** Shows both charts completely. */
  reset(): void {
    this.heatmap = null
    this.scatter = null
  }
}
