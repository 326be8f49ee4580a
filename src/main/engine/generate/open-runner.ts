import type { GenerationDevice } from '../../../contract/model/device'
import { openCpuRunner } from './cpu-runner'
import type { RowRunner, RunnerParts } from './row-runner'
import { openWebGpuRunner } from './webgpu-runner'

const OPENERS: Readonly<Record<GenerationDevice, (parts: RunnerParts) => Promise<RowRunner>>> = {
  cpu: openCpuRunner,
  webgpu: openWebGpuRunner
}

/** Loads every distinct block of the trie and the runner that takes rows through them. */
export function openRunner(parts: RunnerParts): Promise<RowRunner> {
  return OPENERS[parts.request.device](parts)
}
