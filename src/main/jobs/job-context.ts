import type { Devices } from '../work/devices'
import type { EngineHost } from '../engine/host'
import type { PublishJobNews } from './job-news'
import type { JobTurns } from './turns'

/** Parts of the program that every kind of job needs. */
export interface JobContext {
  readonly engine: EngineHost
  readonly devices: Devices
  /** Decides when a job may begin. */
  readonly turns: JobTurns
  /** Reports progress and ends to the taskbar and notifications. */
  readonly publish: PublishJobNews
}
