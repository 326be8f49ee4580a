/** Work older than a few of these no longer counts: long enough to be calm, short enough to follow a slower layer. */
const MEMORY_SECONDS = 10

export interface ProgressRate {
  /** Units per second; null until time has passed with work done. */
  perSecond: number | null
  secondsLeft: number | null
}

/**
 * Follows how fast counted work is done. Work and time both fade with the same half-life, so that the rate is the plain
 * mean at first and follows recent speed later.
 *
 * @returns a function to call with the units done so far, of how many, and the seconds since the work began
 */
export function progressRate(): (done: number, total: number, elapsedSeconds: number) => ProgressRate {
  let last = { done: 0, elapsedSeconds: 0 }
  let recentWork = 0
  let recentSeconds = 0
  return (done, total, elapsedSeconds) => {
    const seconds = Math.max(0, elapsedSeconds - last.elapsedSeconds)
    const fade = Math.exp(-seconds / MEMORY_SECONDS)
    recentWork = recentWork * fade + (done - last.done)
    recentSeconds = recentSeconds * fade + seconds
    last = { done, elapsedSeconds }
    const perSecond = recentSeconds > 0 && recentWork > 0 ? recentWork / recentSeconds : null
    return { perSecond, secondsLeft: perSecond === null ? null : Math.max(0, total - done) / perSecond }
  }
}
