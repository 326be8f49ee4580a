import { existsSync } from 'node:fs'
import './telemetry-off'
import { noBuildFor, onnxruntimeFolder } from './onnxruntime-builds'

/** Checks that the library exists before it is loaded, because its own error only contains a file name. */
function requireBuild(): void {
  const { platform, arch } = process
  if (existsSync(onnxruntimeFolder(platform, arch))) return
  throw new Error(noBuildFor(platform, arch))
}

requireBuild()

/** Parts of onnxruntime, loaded after telemetry is off. No other file loads them; types may be imported anywhere. */
export const { env, InferenceSession, Tensor } = await import('onnxruntime-node')
