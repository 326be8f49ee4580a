/** The stored value that an edit in this window began with, and changes of it by other windows. */
export class DraftBase<Value> {
  /** Value saved by another window; null while this window has the latest. */
  elsewhere = $state.raw<Value | null>(null)
  private value: Value | null = null
  /** Value on its way to main. */
  private sending: Value | null = null
  private elsewhereRevision = 0
  /** Revision of the project that held the value. A change sends it, so that main can refuse a stale one. */
  revision = 0

  begin(value: Value, revision: number): void {
    this.value = value
    this.revision = revision
    this.elsewhere = null
  }

  /**
   * Compares the stored value with the draft's.
   *
   * @param dirty whether there are unsaved edits
   * @returns whether the view shows the stored value; with unsaved edits the user decides
   */
  acceptStored(value: Value, revision: number, dirty: boolean): boolean {
    if (revision < this.revision) return false
    if (same(value, this.value) || same(value, this.sending)) {
      this.begin(value, revision)
      return false
    }
    if (dirty) {
      this.elsewhere = value
      this.elsewhereRevision = revision
      return false
    }
    this.begin(value, revision)
    return true
  }

  /** Saves a value that was edited from the one begun with. */
  async send<Saved>(value: Value, save: (seen: number) => Promise<Saved>): Promise<Saved> {
    this.sending = value
    try {
      const saved = await save(this.revision)
      this.value = value
      return saved
    } finally {
      this.sending = null
    }
  }

  /**
   * Accepts the value of the other window as the base of further edits.
   *
   * @returns the value; null if there is no conflict
   */
  resolveConflict(): Value | null {
    const { elsewhere } = this
    if (elsewhere !== null) this.begin(elsewhere, this.elsewhereRevision)
    return elsewhere
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
