import { DEVICE_LABELS, type DeviceName } from '../../../contract/model/device'
import { unsupportedError } from '../../../contract/model/problem'

/** The only platform on which onnxruntime has a device. Null if any platform may have it. */
const ONLY_ON: Readonly<Record<DeviceName, { platform: NodeJS.Platform; name: string } | null>> = {
  cpu: null,
  webgpu: null,
  cuda: { platform: 'linux', name: 'Linux' },
  dml: { platform: 'win32', name: 'Windows' },
  coreml: { platform: 'darwin', name: 'macOS' }
}

/** Rejects a device that this platform cannot have. @throws WorkbenchError `unsupported` */
export function requirePlatform(device: DeviceName): void {
  const only = ONLY_ON[device]
  if (only === null || process.platform === only.platform) return
  throw unsupportedError(`${DEVICE_LABELS[device]} exists on ${only.name} only.`)
}
