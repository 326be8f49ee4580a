/* Words of the menu that each panel of the window has. */

/** Accessible name of the "⋯" button, followed by the panel's name. */
export const MORE_ACTIONS = 'More'

export const MENU_WORDS = {
  saveFigure: 'Save figure…',
  saveCsv: 'Save CSV',
  copy: 'Copy numbers',
  copyAs: (format: string): string => `Copy as ${format}`,
  selectByValue: 'Select by value…',
  exportAs: (format: string): string => `Export answers as ${format.toUpperCase()}`,
  compareBlind: 'Compare blind',
  savePreferences: (format: string): string => `Save preferences as ${format.toUpperCase()}`,
  clearPreferences: 'Clear preferences',
  characterTask: 'Character task…',
  judge: 'Judge the answers…'
} as const

/** Names of the buttons that open settings of the next run. */
export const SETTINGS_WORDS = {
  variants: 'Variants',
  sampler: 'Sampler',
  task: 'Task',
  run: 'Run settings',
  range: 'Range of layers'
} as const
