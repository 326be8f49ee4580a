import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  Legend,
  LinearScale,
  LineElement,
  PointElement,
  ScatterController,
  Ticks,
  Tooltip
} from 'chart.js'
import type { ModelTone } from '../../contract/model/model-style'

Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  Legend,
  LinearScale,
  LineElement,
  PointElement,
  ScatterController,
  Tooltip
)
// A chart with a legend enables it itself.
Chart.defaults.plugins.legend.display = false
// Segmented lines are drawn point by point. Other lines are Path2D objects, which a figure cannot record.
Chart.defaults.set('datasets.scatter', { segment: {} })
// Uses the minus sign of all other numbers in the window.
Chart.defaults.scales.linear.ticks.callback = function (value, index, ticks) {
  return Ticks.formatters.numeric.call(this, Number(value), index, ticks).replace('-', '−')
}

type ColorName = ModelTone | 'accent' | 'ink' | 'ink-soft' | 'ink-faint' | 'line' | 'surface'

/** Options of every chart: it fills its frame and has no animation. */
export const FILLING = { animation: false, responsive: true, maintainAspectRatio: false } as const

export type ChartColors = Record<ColorName, string>

export interface ChartFont {
  family: string
  size: number
}

/**
 * Reads the theme's colours in the form that a canvas needs. A custom property reads back as its source text,
 * `light-dark(...)` included. Each one is therefore resolved through an element's colour.
 */
export function chartColors(within: HTMLElement): ChartColors {
  const probe = document.createElement('span')
  within.append(probe)
  const resolve = (name: ColorName): string => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const colors = {
    base: resolve('base'),
    post: resolve('post'),
    hybrid: resolve('hybrid'),
    checkpoint: resolve('checkpoint'),
    orange: resolve('orange'),
    sky: resolve('sky'),
    black: resolve('black'),
    accent: resolve('accent'),
    ink: resolve('ink'),
    'ink-soft': resolve('ink-soft'),
    'ink-faint': resolve('ink-faint'),
    line: resolve('line'),
    surface: resolve('surface')
  }
  probe.remove()
  return colors
}

/** Returns a colour `rgb(r, g, b)` with the given opacity, 0 to 1. */
export const translucent = (color: string, opacity: number): string =>
  color.replace(/^rgb\((.*)\)$/, `rgba($1, ${opacity})`)

/** Returns the font of every chart, which is the page's font. */
export const chartFont = (within: HTMLElement): ChartFont => ({
  family: getComputedStyle(within).fontFamily,
  size: 12
})

/**
 * Creates a chart in a task of its own. Mounting a view and drawing its charts then never add up to one stall.
 *
 * @returns a function that destroys the chart, or cancels its creation
 */
export function afterMount(create: () => (() => void) | undefined): () => void {
  let destroy: (() => void) | undefined
  const timer = setTimeout(() => (destroy = create()))
  return () => {
    clearTimeout(timer)
    destroy?.()
  }
}
