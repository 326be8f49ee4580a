import type { ModelTone } from '../../contract/model/model-style'

type ColorName = ModelTone | 'accent' | 'ink' | 'ink-soft' | 'ink-faint' | 'line' | 'surface'

export type ChartColors = Record<ColorName, string>

function colorsBy(colorOf: (name: ColorName) => string): ChartColors {
  return {
    base: colorOf('base'),
    post: colorOf('post'),
    hybrid: colorOf('hybrid'),
    checkpoint: colorOf('checkpoint'),
    orange: colorOf('orange'),
    sky: colorOf('sky'),
    black: colorOf('black'),
    accent: colorOf('accent'),
    ink: colorOf('ink'),
    'ink-soft': colorOf('ink-soft'),
    'ink-faint': colorOf('ink-faint'),
    line: colorOf('line'),
    surface: colorOf('surface')
  }
}

/** Colours of drawings in a page, whose style sheet has them for light and for dark. */
export const PAGE_COLORS = colorsBy((name) => `var(--${name})`)

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
  const colors = colorsBy(resolve)
  probe.remove()
  return colors
}

/** Returns a colour with the given opacity, 0 to 1. @param color `rgb(r, g, b)`, or `var(--name)` in a report */
export const translucent = (color: string, opacity: number): string =>
  color.startsWith('var(')
    ? `color-mix(in srgb, ${color} ${100 * opacity}%, transparent)`
    : color.replace(/^rgb\((.*)\)$/, `rgba($1, ${opacity})`)

/** Returns the font of every chart, which is the page's font. */
export const chartFont = (within: HTMLElement): ChartFont => ({
  family: getComputedStyle(within).fontFamily,
  size: 12
})

/**
 * Creates a chart in a task of its own. Mounting a view and drawing its charts then never add up to one stall.
 *
 * @returns a function that aborts the signal, also before the creation begins
 */
export function afterMount(create: (signal: AbortSignal) => Promise<void>): () => void {
  const mounted = new AbortController()
  const timer = setTimeout(() => void create(mounted.signal))
  return () => {
    clearTimeout(timer)
    mounted.abort()
  }
}
