/** Time constant of the average: long enough to be steady, and short enough to follow a slower layer. */
const MEMORY_SECONDS = 10

export interface ProgressRate {
  /** Units per second; null until time has passed with work done. */
  perSecond: number | null
  secondsLeft: number | null
}

/**
 * Measures the speed of counted work, which fades with a half-life. The clock starts with the first call, and again
 * with each call until work was done. @returns a function of units done, their total, and seconds
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
    return {
      perSecond,
      secondsLeft: left === 0 && done > 0 ? 0 : perSecond === null ? null : left / perSecond
    }
  }
}
