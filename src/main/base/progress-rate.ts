/** Time after which past work weighs 1/e: long enough for a steady rate, short enough to follow a slower layer. */
const MEMORY_SECONDS = 10

interface ProgressRate {
  /** Units per second; null until time has passed with work done. */
  perSecond: number | null
  secondsLeft: number | null
}

/**
 * Measures speed as an average in which past work fades exponentially. Time before the first unit of work is not
 * counted. @returns a function that receives units done so far, all units, and seconds since any fixed time
 */
export function progressRate(): (done: number, total: number, elapsedSeconds: number) => ProgressRate {
  let last: { done: number; elapsedSeconds: number } | null = null
  let recentWork = 0
  let recentSeconds = 0
  return (done, total, elapsedSeconds) => {
    const work = done - (last?.done ?? done)
    const seconds = Math.max(0, elapsedSeconds - (last?.elapsedSeconds ?? elapsedSeconds))
    last = { done, elapsedSeconds }
    if (recentWork > 0 || work > 0) {
      const fade = Math.exp(-seconds / MEMORY_SECONDS)
      recentWork = recentWork * fade + work
      recentSeconds = recentSeconds * fade + seconds
    }
    const perSecond = recentSeconds > 0 && recentWork > 0 ? recentWork / recentSeconds : null
    const left = Math.max(0, total - done)
    if (left === 0 && done > 0) return { perSecond, secondsLeft: 0 }
    return { perSecond, secondsLeft: perSecond === null ? null : left / perSecond }
  }
}
