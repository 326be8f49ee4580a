/** Saves by itself what is edited, once the edits rest. */
export class Autosave {
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly save: () => Promise<void>,
    private readonly restMs = 600
  ) {}

  /** Something was edited. */
  soon(): void {
    this.stop()
    this.timer = setTimeout(() => void this.save(), this.restMs)
  }

  /** Nothing is to be saved any more, or it is saved now. */
  stop(): void {
    clearTimeout(this.timer)
  }
}
