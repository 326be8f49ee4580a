import type { Device } from './device'

/** Work to let a device be behind by: cancelling and progress wait for it, and less would let it idle between runs. */
const BEHIND_MS = 50
const MOST_RUNS = 64

/**
 * Runs whose outputs stay on a device return when their work is queued there, not when it is done. This keeps the queue
 * short, and knows what of it is done.
 */
export class Pace {
  private queued = 0
  private sinceMs = performance.now()
  /** Runs to queue before waiting for them. */
  private ahead = 1

  constructor(private readonly device: Device) {}

  /**
   * To be called after each run.
   *
   * @param isDone whether that run's outputs have come back
   * @returns how many runs, this one included, are done since it was last said; 0 while some are queued
   */
  async ran(isDone: boolean): Promise<number> {
    this.queued++
    if (isDone || !this.device.keepsTensors) return this.settled()
    return this.queued < this.ahead ? 0 : this.settle()
  }

  /** Waits for what is queued. @returns as `ran` */
  async settle(): Promise<number> {
    if (this.queued === 0) return 0
    await this.device.settle()
    const msPerRun = (performance.now() - this.sinceMs) / this.queued
    this.ahead = Math.min(Math.max(Math.floor(BEHIND_MS / msPerRun), 1), MOST_RUNS)
    return this.settled()
  }

  private settled(): number {
    const runs = this.queued
    this.queued = 0
    this.sinceMs = performance.now()
    return runs
  }
}
