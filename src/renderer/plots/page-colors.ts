import type { ChartColors } from './chart-theme'

/** Colours of drawings in a page, whose style sheet has them for light and for dark. */
export const PAGE_COLORS: ChartColors = {
  base: 'var(--base)',
  post: 'var(--post)',
  hybrid: 'var(--hybrid)',
  checkpoint: 'var(--checkpoint)',
  orange: 'var(--orange)',
  sky: 'var(--sky)',
  black: 'var(--black)',
  accent: 'var(--accent)',
  ink: 'var(--ink)',
  'ink-soft': 'var(--ink-soft)',
  'ink-faint': 'var(--ink-faint)',
  line: 'var(--line)',
  surface: 'var(--surface)'
}
