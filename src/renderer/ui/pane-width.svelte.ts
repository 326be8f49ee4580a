/** How wide a pane is, as it was left. A browser that keeps nothing begins anew. */
export class PaneWidth {
  width = $state(0)

  /** @param name under which it is kept @param first until it is changed */
  constructor(
    private readonly name: string,
    first: number
  ) {
    const kept = Number(this.kept())
    this.width = kept > 0 ? kept : Math.round(first)
  }

  private kept(): string | null {
    try {
      return localStorage.getItem(`width of ${this.name}`)
    } catch {
      return null
    }
  }

  resize(width: number): void {
    this.width = width
    try {
      localStorage.setItem(`width of ${this.name}`, String(width))
    } catch {
      // It holds until the page is left.
    }
  }
}
