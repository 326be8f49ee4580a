import { FigureChoice } from './figure-files'

const STORED_AS = 'figures'

/** Returns how the last figure was saved. A browser without storage returns the defaults. */
export function storedFigureChoice(): FigureChoice {
  try {
    return FigureChoice.parse(JSON.parse(localStorage.getItem(STORED_AS) ?? '{}'))
  } catch {
    return FigureChoice.parse({})
  }
}

export function storeFigureChoice(choice: FigureChoice): void {
  try {
    localStorage.setItem(STORED_AS, JSON.stringify(choice))
  } catch {
    // The next figure starts with the defaults.
  }
}
