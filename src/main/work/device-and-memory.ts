import type { PairDocument } from '../../contract/documents/project'
import type { DeviceChoice } from '../../contract/model/device'
import { configuredMemory, readUserConfig } from '../base/config-file'

interface NamedDevice {
  readonly device?: DeviceChoice | undefined
  /** In bytes. */
  readonly memory?: number | undefined
}

/** Returns device and memory limit: of the command if named there, else of the pair, else of the user's config. */
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
