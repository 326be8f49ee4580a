/*
 * Words of the menu that each panel of the window has.
 */

/** Accessible name of the "⋯" button, followed by the panel's name. */
export const MORE_ACTIONS = 'More'

export const MENU_WORDS = {
  saveFigure: 'Save figure…',
  saveCsv: 'Save CSV',
  copy: 'Copy numbers',
  copyAs: (format: string): string => `Copy as ${format}`,
  selectByValue: 'Select by value…'
} as const
