const STORED_AS = 'slr-single-keys'

/**
 * Whether keys without a modifier are shortcuts, such as H for the history. Speech input types such keys by accident, so they can be
 * switched off. The browser remembers it where it can.
 */
export class SingleKeys {
  private enabled = $state(read() !== 'off')

  get on(): boolean {
    return this.enabled
  }

  set on(on: boolean) {
    this.enabled = on
    try {
      localStorage.setItem(STORED_AS, on ? 'on' : 'off')
    } catch {
      // The choice holds until the page is left.
    }
  }
}

function read(): string | null {
  try {
    return localStorage.getItem(STORED_AS)
  } catch {
    return null
  }
}
