/** Work older than a few of these no longer counts: long enough to be calm, short enough to follow a slower layer. */
const MEMORY_SECONDS = 10

export interface ProgressRate {
  /** Units per second; null until time has passed with work done. */
  perSecond: number | null
  secondsLeft: number | null
}

/**
 * Follows how fast counted work is done. Work and time both fade with the same half-life, so that the rate is the plain
 * mean at first and follows recent speed later. The clock starts with the first call, and again with each after it until work
 * has been done: what was done before is not this run's work, and getting ready takes no part of the time that work takes.
 *
 * @returns a function to call with the units done so far, of how many, and the seconds since the work began
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
