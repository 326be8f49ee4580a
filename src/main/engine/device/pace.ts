import type { Device } from './device'

/** Milliseconds of work that may be queued on a device. Cancellation and progress wait for this work. */
const MAX_QUEUED_MS = 50
const MAX_RUNS = 64

/**
 * Limits the queue of a device and counts its finished runs. A run whose outputs stay on the device returns before the
 * device has computed it.
 */
export class Pace {
  private queued = 0
  private sinceMs = performance.now()
  /** Runs to queue before waiting for them. It is set anew after each wait, by the pace of the device. */
  private queueLimit = 1

  constructor(private readonly device: Device) {}

  /**
   * Records a run, and waits for the queue if it is full.
   * @param isDone true if the run's outputs have been copied back
   * @returns number of runs that finished and were not returned before
   */
  async ran(isDone: boolean): Promise<number> {
    this.queued++
    // The queue is in order, so all earlier runs are done as well.
    if (isDone || !this.device.keepsTensors) return this.takeCount()
    return this.queued < this.queueLimit ? 0 : this.finishRuns()
  }

  /** Waits for the queued runs. @returns as `ran` */
  async finishRuns(): Promise<number> {
    if (this.queued === 0) return 0
    await this.device.finishRuns()
    const msPerRun = (performance.now() - this.sinceMs) / this.queued
    this.queueLimit = Math.min(Math.max(Math.floor(MAX_QUEUED_MS / msPerRun), 1), MAX_RUNS)
    return this.takeCount()
  }

  private takeCount(): number {
    const runs = this.queued
    this.queued = 0
    this.sinceMs = performance.now()
    return runs
  }
}
