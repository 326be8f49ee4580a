/** Saves edits after a pause of typing. */
export class Autosave {
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly save: () => Promise<void>,
    private readonly pauseMs = 600
  ) {}

  /** Schedules a save after an edit. */
  soon(): void {
    this.stop()
    this.timer = setTimeout(() => void this.save(), this.pauseMs)
  }

  /** Cancels the scheduled save. */
  stop(): void {
    clearTimeout(this.timer)
  }
}
