import type { ModelTone } from '../../contract/model/model-style'

/** Bars of one model, one per category. */
export interface BarGroup {
  name: string
  tone: ModelTone
  /** Opacity of the filling, 0 to 1: one for all bars, or one per bar; 1 when left out. */
  opacity?: number | readonly number[]
  /** True for stripes instead of a plain filling, so that bars differ by more than hue. */
  striped?: boolean
  /** One value per category; null for no bar. */
  values: readonly (number | null)[]
}

interface CategoryAxis {
  title?: string
  /** Labels of the categories, in lines. */
  labels: readonly (readonly string[])[]
  /** Height of the labels, in pixels. */
  size: number
  /** True if every label is written; otherwise as many as fit. */
  all?: boolean
}

interface ValueAxis {
  title?: string
  /** A high end of null is the largest value, rounded up. */
  bounds: readonly [low: number, high: number | null]
  step?: number
  format: (value: number) => string
}

/** The content of a bar chart. Pure functions make it; BarPlot.svelte, figures and reports draw it. */
export interface BarContent {
  x: CategoryAxis
  y: ValueAxis
  groups: readonly BarGroup[]
  categoryName: (index: number) => string
  format: (value: number) => string
}

/** Shares of a category's width that all its bars take, and of its part that each bar takes, 0 to 1. */
export const BAR_WIDTHS = { group: 0.84, bar: 0.96 } as const

/** The least space between labels of categories, in pixels, unless every label is written. */
export const LABEL_GAP = 3

/** Returns the opacity of the bar at an index. */
export const opacityAt = ({ opacity = 1 }: BarGroup, index: number): number =>
  typeof opacity === 'number' ? opacity : (opacity[index] ?? 1)
