import type { Devices } from '../work/devices'
import type { EngineHost } from '../engine/host'
import type { TellJobNews } from './job-news'
import type { JobTurns } from './turns'

export interface JobContext {
  readonly engine: EngineHost
  readonly devices: Devices
  readonly turns: JobTurns
  readonly tell: TellJobNews
}
