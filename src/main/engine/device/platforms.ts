import { DEVICE_LABELS, type DeviceName } from '../../../contract/model/device'
import { WorkbenchError } from '../../../contract/model/problem'

/** Where onnxruntime has a device; null where it may be anywhere. */
const ONLY_ON: Readonly<Record<DeviceName, { platform: NodeJS.Platform; name: string } | null>> = {
  cpu: null,
  webgpu: null,
  cuda: { platform: 'linux', name: 'Linux' },
  dml: { platform: 'win32', name: 'Windows' },
  coreml: { platform: 'darwin', name: 'macOS' }
}

/**
 * Says so where a device cannot be, whatever is plugged in: no engine has to be started to find that out.
 *
 * @throws WorkbenchError `unsupported` on a system that has no such device
 */
export function requirePlatform(device: DeviceName): void {
  const only = ONLY_ON[device]
  if (only === null || process.platform === only.platform) return
  throw new WorkbenchError('unsupported', `${DEVICE_LABELS[device]} exists on ${only.name} only.`)
}
