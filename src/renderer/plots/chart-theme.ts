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
// Charts that have one say so.
Chart.defaults.plugins.legend.display = false
// Lines are drawn point by point, not as paths made beforehand, which a figure could not write down.
Chart.defaults.set('datasets.scatter', { segment: {} })
// With the minus of all other numbers of the window.
Chart.defaults.scales.linear.ticks.callback = function (value, index, ticks) {
  return Ticks.formatters.numeric.call(this, Number(value), index, ticks).replace('-', '−')
}

type ColorName = ModelTone | 'accent' | 'ink' | 'ink-soft' | 'ink-faint' | 'line' | 'surface'

/** Of every chart: it has the size of its frame, and stands still. */
export const FILLING = { animation: false, responsive: true, maintainAspectRatio: false } as const

export type ChartColors = Record<ColorName, string>

export interface ChartFont {
  family: string
  size: number
}

/**
 * The theme's colours as a canvas needs them. A custom property reads back as its source text, `light-dark(...)`
 * included, so each is resolved through an element's colour.
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

/** The colour, `rgb(r, g, b)`, let through by `opacity`. */
export const translucent = (color: string, opacity: number): string =>
  color.replace(/^rgb\((.*)\)$/, `rgba($1, ${opacity})`)

/** The font of every chart, from the page's own. */
export const chartFont = (within: HTMLElement): ChartFont => ({
  family: getComputedStyle(within).fontFamily,
  size: 12
})

/**
 * Creates a chart in a task of its own, so that mounting a view and drawing its charts never add up to a stall.
 * Returns what undoes it, whether or not the chart exists yet.
 */
export function afterMount(create: () => (() => void) | undefined): () => void {
  let destroy: (() => void) | undefined
  const timer = setTimeout(() => (destroy = create()))
  return () => {
    clearTimeout(timer)
    destroy?.()
  }
}
