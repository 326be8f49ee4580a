import type { PairDocument } from '../../contract/documents/project'
import type { DeviceChoice } from '../../contract/model/device'
import { configuredMemory, readUserConfig } from '../base/config-file'

interface NamedDevice {
  readonly device?: DeviceChoice | undefined
  /** In bytes. */
  readonly memory?: number | undefined
}

/** Returns the device and memory limit of work: those that it names, else the pair's, else the user's config. */
export async function deviceAndMemory(
  named: NamedDevice,
  { device, memoryBytes }: Pick<PairDocument['settings'], 'device' | 'memoryBytes'>
): Promise<{ device: DeviceChoice; memoryBytes: number | null }> {
  const config = await readUserConfig()
  return {
    device: named.device ?? (device === 'auto' ? (config.device ?? device) : device),
    memoryBytes: named.memory ?? memoryBytes ?? configuredMemory(config)
  }
}
