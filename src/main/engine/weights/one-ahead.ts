/** Reads what steps need one after the other, each while the one before it is computed with: one ahead, and no more. */
export class OneAhead<Step, Read> {
  private begun = 0
  private ahead: Promise<Read> | null

  /** Begins to read for the first step. */
  constructor(
    private readonly steps: readonly Step[],
    private readonly read: (step: Step) => Promise<Read>
  ) {
    this.ahead = this.begin()
  }

  /**
   * What the next step needs, and the time that was waited for it. Begins to read for the step after it.
   *
   * @throws what reading throws; RangeError after the last step
   */
  async next(): Promise<{ read: Read; waitMs: number }> {
    const waitingSinceMs = performance.now()
    if (this.ahead === null) throw new RangeError(`nothing is read after ${this.steps.length} steps`)
    const read = await this.ahead
    const waitMs = performance.now() - waitingSinceMs
    this.ahead = this.begin()
    return { read, waitMs }
  }

  private begin(): Promise<Read> | null {
    const step = this.steps[this.begun++]
    if (step === undefined) return null
    const reading = this.read(step)
    // A read that fails while nobody awaits it yet must not count as unhandled.
    reading.catch(() => undefined)
    return reading
  }
}
