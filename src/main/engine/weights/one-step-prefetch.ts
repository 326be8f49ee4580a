/** Reads the data of steps in order, one step ahead: the next step is read while the current one is computed. */
export class OneStepPrefetch<Step, Read> {
  private readonly steps: Step[]
  private begun = 0
  private pending: Promise<Read> | null

  /** Begins to read the first step. */
  constructor(
    steps: readonly Step[],
    private readonly read: (step: Step) => Promise<Read>
  ) {
    this.steps = [...steps]
    this.pending = this.begin()
  }

  /** Appends further steps. If all earlier steps have been returned, the first new step is not read ahead. */
  add(steps: readonly Step[]): void {
    this.steps.push(...steps)
  }

  /** Returns the data of the next step and the time waited for it, and begins to read the step after it. */
  async next(): Promise<{ read: Read; waitMs: number }> {
    const waitingSinceMs = performance.now()
    const reading = this.pending ?? this.begin()
    if (reading === null) throw new RangeError(`nothing is read after ${this.steps.length} steps`)
    const read = await reading
    const waitMs = performance.now() - waitingSinceMs
    this.pending = this.begin()
    return { read, waitMs }
  }

  private begin(): Promise<Read> | null {
    const step = this.steps[this.begun]
    if (step === undefined) return null
    this.begun++
    const reading = this.read(step)
    // A read may fail before it is awaited. Node must not report its error as unhandled.
    reading.catch(() => undefined)
    return reading
  }
}
