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

/**
 * The only way to load onnxruntime's code; types may be imported from the package. It is loaded while this
 * module runs, because a static import would be moved above the line that silences the library.
 */
export const { env, InferenceSession, Tensor } = await import('onnxruntime-node')
