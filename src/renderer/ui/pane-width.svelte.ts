import { readStored, storeText } from './browser-storage'

/** Remembers the width of a pane, in pixels. A browser without storage starts with the default width. */
export class PaneWidth {
  /** Width that the user chose; null until then. */
  private chosen = $state<number | null>(null)
  readonly width = $derived.by(() => this.chosen ?? Math.round(this.first()))

  /** @param name key under which the width is stored @param first returns the default width for the current window */
  constructor(
    private readonly name: string,
    private readonly first: () => number
  ) {
    const stored = Number(readStored(`width of ${name}`))
    if (stored > 0) this.chosen = stored
  }

  resize(width: number): void {
    this.chosen = width
    storeText(`width of ${this.name}`, String(width))
  }
}
