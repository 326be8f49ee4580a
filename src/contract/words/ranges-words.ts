/* Labels of the Ranges view. Tests of the window find its parts by these words. */

/** Tabs of the Ranges view. The first one is shown when the view is entered. */
export const RANGES_TABS = [
  { value: 'result', label: 'Result' },
  { value: 'layers', label: 'Layers' },
  { value: 'search', label: 'Search' }
] as const
export type RangesTab = (typeof RANGES_TABS)[number]['value']

export const SELECTION_WORDS = { region: 'Selection', dialog: 'Select by value', clear: 'Clear' } as const

export const ZOOM_WORDS = {
  all: 'Show all',
  winners: 'Zoom to the ranges that win',
  selectable: 'Zoom to the selectable ranges'
} as const

export const INSPECTOR_WORDS = {
  nextTokens: 'Compare next tokens',
  edit: 'Edit layers…',
  copy: 'Copy these scores'
} as const

export const LEGEND_WORDS = {
  baselines: 'Baselines',
  list: 'Parts of the trade-off',
  outOfBag: 'Right: number of candidates, and diversity at validity out of bag.'
} as const

export const RANGES_WORDS = {
  tabs: 'Part of Ranges',
  limit: 'Limit and What if',
  nextSweep: 'Plan of the next sweep',
  sweepAgain: 'Sweep again',
  keep: 'Keep as recipe',
  keepAgain: 'Keep again',
  result: 'Result',
  caveats: 'Caveats',
  copyVerdict: 'Copy the verdict',
  table: 'Table of all models',
  inspector: 'Inspector'
} as const
