import { openCpuRunner } from './cpu-runner'
import type { RowRunner, RunnerParts } from './row-runner'
import { openWebGpuRunner } from './webgpu-runner'

/** Loads every distinct block of the trie and the runner that takes rows through them. */
export function openRunner(parts: RunnerParts): Promise<RowRunner> {
  return parts.device.name === 'cpu' ? openCpuRunner(parts) : openWebGpuRunner(parts)
}
