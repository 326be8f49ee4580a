import { openCpuRunner } from './cpu-runner'
import type { RowRunner, RunnerParts } from './row-runner'
import { openWebGpuRunner } from './webgpu-runner'

/** Loads the distinct layers of all models, and opens the runner that takes answers in progress through them. */
export function openRunner(parts: RunnerParts): Promise<RowRunner> {
  return parts.device.name === 'cpu' ? openCpuRunner(parts) : openWebGpuRunner(parts)
}
