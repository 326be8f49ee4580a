import { readStored, storeText } from './browser-storage'

/** A switch that the browser remembers where possible. It is on until the user turns it off. */
export class StoredSwitch {
  private enabled: boolean

  /** @param storedAs key in the browser's storage */
  constructor(private readonly storedAs: string) {
    this.enabled = $state(readStored(storedAs) !== 'off')
  }

  get on(): boolean {
    return this.enabled
  }

  set on(on: boolean) {
    this.enabled = on
    storeText(this.storedAs, on ? 'on' : 'off')
  }
}
