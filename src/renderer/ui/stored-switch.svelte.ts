/** A switch that the browser remembers where possible. It is on until the user turns it off. */
export class StoredSwitch {
  private enabled: boolean

  /**
   * @param storedAs key in the browser's storage
   * @param fallback key of the switch that this one follows until the user sets it
   */
  constructor(
    private readonly storedAs: string,
    fallback = storedAs
  ) {
    this.enabled = $state((read(storedAs) ?? read(fallback)) !== 'off')
  }

  get on(): boolean {
    return this.enabled
  }

  set on(on: boolean) {
    this.enabled = on
    try {
      localStorage.setItem(this.storedAs, on ? 'on' : 'off')
    } catch {
      // The choice holds until the page is left.
    }
  }
}

function read(storedAs: string): string | null {
  try {
    return localStorage.getItem(storedAs)
  } catch {
    return null
  }
}
