/** What something edited in this window was made from, and what that has become elsewhere meanwhile. */
export class DraftBase<Value> {
  /** The value that somebody else has saved; null while the draft's own is the latest. */
  elsewhere = $state.raw<Value | null>(null)
  private value: Value | null = null
  /** On its way to main. */
  private sending: Value | null = null
  private elsewhereRevision = 0
  /** Of the project, when it was last known to hold the value; a change sent with it says what it was made from. */
  revision = 0

  /** Begins with what the project holds. */
  begin(value: Value, revision: number): void {
    this.value = value
    this.revision = revision
    this.elsewhere = null
  }

  /**
   * Hears what the project holds now.
   *
   * @param dirty whether there are edits that are not saved
   * @returns whether it is to be shown in place of what is shown; where edits would be lost, the user is to decide
   */
  hear(value: Value, revision: number, dirty: boolean): boolean {
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

  /** Saves a value that was made from the one begun with. */
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

  /** Goes on from what was saved elsewhere, whether it is taken or replaced. @returns it; null when there is nothing to settle */
  settle(): Value | null {
    const { elsewhere } = this
    if (elsewhere !== null) this.begin(elsewhere, this.elsewhereRevision)
    return elsewhere
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
