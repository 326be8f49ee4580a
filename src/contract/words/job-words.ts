import type { QueueProgress } from '../documents/queue'
import { formatDuration, formatPercent } from './format'

/** The state of a job from the click that cancels it until its end. */
export const STOPPING = 'Stopping…'

/** The state of a job that cannot begin before a job of another project has ended. */
export const waitingForWords = (project: string): string => `Waiting for “${project}”`

/** Describes work that runs, in a queue or a study. */
export function runningWords({ share, secondsLeft }: QueueProgress): string {
  const running = share === null ? 'Running' : `Running, ${formatPercent(share)}`
  return secondsLeft === null ? running : `${running}, about ${formatDuration(secondsLeft)} left`
}
