import { SvelteMap } from 'svelte/reactivity'
import { readStored, storeText } from './browser-storage'

const STORED_AS = 'slr-fold-'

/** Parts of views that the user opens and closes. The browser's storage keeps the choice where possible. */
export class Folds {
  private readonly chosen = new SvelteMap<string, boolean>()

  /** @param otherwise the state of a fold that the user has not touched */
  isOpen(id: string, otherwise = false): boolean {
    const stored = readStored(STORED_AS + id)
    return this.chosen.get(id) ?? (stored === null ? otherwise : stored === 'open')
  }

  set(id: string, open: boolean): void {
    this.chosen.set(id, open)
    storeText(STORED_AS + id, open ? 'open' : 'closed')
  }
}
