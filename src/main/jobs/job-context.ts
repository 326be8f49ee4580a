import type { Devices } from '../work/devices'
import type { EngineHost } from '../engine/host'
import type { PublishJobNews } from './job-news'
import type { JobTurns } from './turns'

/** Parts of the program that every kind of job needs. `turns` decides when a job may begin. */
export interface JobContext {
  readonly engine: EngineHost
  readonly devices: Devices
  readonly turns: JobTurns
  readonly publish: PublishJobNews
}
