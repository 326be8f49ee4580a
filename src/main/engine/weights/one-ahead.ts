/** Reads what steps need one after the other, each while the one before it is computed with: one ahead, and no more. */
export class OneAhead<Step, Read> {
  private readonly steps: Step[]
  private begun = 0
  private ahead: Promise<Read> | null

  /** Begins to read for the first step. */
  constructor(
    steps: readonly Step[],
    private readonly read: (step: Step) => Promise<Read>
  ) {
    this.steps = [...steps]
    this.ahead = this.begin()
  }

  /** Steps that come after those that are known. The first of them is not read ahead where all others have been handed out. */
  add(steps: readonly Step[]): void {
    this.steps.push(...steps)
  }

  /**
   * What the next step needs, and the time that was waited for it. Begins to read for the step after it, if that is known.
   *
   * @throws what reading throws; RangeError after the last step
   */
  async next(): Promise<{ read: Read; waitMs: number }> {
    const waitingSinceMs = performance.now()
    const reading = this.ahead ?? this.begin()
    if (reading === null) throw new RangeError(`nothing is read after ${this.steps.length} steps`)
    const read = await reading
    const waitMs = performance.now() - waitingSinceMs
    this.ahead = this.begin()
    return { read, waitMs }
  }

  private begin(): Promise<Read> | null {
    const step = this.steps[this.begun]
    if (step === undefined) return null
    this.begun++
    const reading = this.read(step)
    // A read that fails while nobody awaits it yet must not count as unhandled.
    reading.catch(() => undefined)
    return reading
  }
}
