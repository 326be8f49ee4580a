import { SvelteMap } from 'svelte/reactivity'

const STORED_AS = 'slr-fold-'

/** Parts of views that the user opens and closes. The browser's storage keeps the choice where possible. */
export class Folds {
  private readonly chosen = new SvelteMap<string, boolean>()

  /** @param otherwise the state of a fold that the user has not touched */
  isOpen(id: string, otherwise = false): boolean {
    return this.chosen.get(id) ?? read(id) ?? otherwise
  }

  set(id: string, open: boolean): void {
    this.chosen.set(id, open)
    try {
      localStorage.setItem(STORED_AS + id, open ? 'open' : 'closed')
    } catch {
      // The choice holds until the page is left.
    }
  }
}

function read(id: string): boolean | null {
  try {
    const stored = localStorage.getItem(STORED_AS + id)
    return stored === null ? null : stored === 'open'
  } catch {
    return null
  }
}
