const STORED_AS = 'slr-single-keys'

/**
 * Controls whether keys without a modifier are shortcuts, such as H for the history. They can be switched off, because
 * speech input types such keys by accident. The browser's storage keeps the choice where possible.
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
