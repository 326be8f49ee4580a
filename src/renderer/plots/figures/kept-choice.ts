import { FigureChoice } from './figure-files'

const STORED_AS = 'figures'

/** How the last figure was saved. A browser that keeps nothing begins anew. */
export function keptChoice(): FigureChoice {
  try {
    return FigureChoice.parse(JSON.parse(localStorage.getItem(STORED_AS) ?? '{}'))
  } catch {
    return FigureChoice.parse({})
  }
}

export function keepChoice(choice: FigureChoice): void {
  try {
    localStorage.setItem(STORED_AS, JSON.stringify(choice))
  } catch {
    // The next figure begins anew.
  }
}
