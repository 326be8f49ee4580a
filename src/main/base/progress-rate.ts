/** Time after which past work weighs 1/e in the shown speed. */
const MEMORY_SECONDS = 10

/** The same time for the time left, as a share of the run so far. A short change says little about a long run. */
const MEMORY_OF_RUN = 0.5

interface ProgressRate {
  /** Units per second; null until time has passed with work done. */
  perSecond: number | null
  secondsLeft: number | null
}

/**
 * Measures the recent speed, and estimates the time left from a longer average. Time before the first unit of work is
 * not counted.
 *
 * @returns a function that receives units done so far, all units, and seconds since any fixed time
 */
export function progressRate(): (done: number, total: number, elapsedSeconds: number) => ProgressRate {
  let last: { done: number; elapsedSeconds: number } | null = null
  let runSeconds = 0
  const recent = new FadingRate()
  const longer = new FadingRate()
  return (done, total, elapsedSeconds) => {
    const work = done - (last?.done ?? done)
    const seconds = Math.max(0, elapsedSeconds - (last?.elapsedSeconds ?? elapsedSeconds))
    last = { done, elapsedSeconds }
    if (runSeconds > 0 || work > 0) runSeconds += seconds
    const perSecond = recent.add(work, seconds, MEMORY_SECONDS)
    const steadyRate = longer.add(work, seconds, Math.max(MEMORY_SECONDS, MEMORY_OF_RUN * runSeconds))
    const left = Math.max(0, total - done)
    if (left === 0 && done > 0) return { perSecond, secondsLeft: 0 }
    return { perSecond, secondsLeft: steadyRate === null ? null : left / steadyRate }
  }
}

/** A speed in which past work fades. */
class FadingRate {
  private work = 0
  private seconds = 0

  /** Adds work, after past work has faded. @returns units per second; null before the first work */
  add(work: number, seconds: number, memorySeconds: number): number | null {
    if (this.work > 0 || work > 0) {
      const fade = Math.exp(-seconds / memorySeconds)
      this.work = this.work * fade + work
      this.seconds = this.seconds * fade + seconds
    }
    return this.seconds > 0 && this.work > 0 ? this.work / this.seconds : null
  }
}
