/** How wide a pane is, as it was left. A browser that keeps nothing begins anew. */
export class PaneWidth {
  /** Null until it is changed. */
  private given = $state<number | null>(null)
  readonly width = $derived.by(() => this.given ?? Math.round(this.first()))

  /** @param name under which it is kept @param first until it is changed: as the window is now */
  constructor(
    private readonly name: string,
    private readonly first: () => number
  ) {
    const kept = Number(this.kept())
    if (kept > 0) this.given = kept
  }

  private kept(): string | null {
    try {
      return localStorage.getItem(`width of ${this.name}`)
    } catch {
      return null
    }
  }

  resize(width: number): void {
    this.given = width
    try {
      localStorage.setItem(`width of ${this.name}`, String(width))
    } catch {
      // It holds until the page is left.
    }
  }
}
