import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import './telemetry-off'
import { noBuildFor } from './onnxruntime-builds'

/** Before it is loaded, which says of a missing file only its name. */
function requireBuild(): void {
  const { platform, arch } = process
  const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'))
  if (existsSync(join(folder, 'bin', 'napi-v6', platform, arch))) return
  throw new Error(noBuildFor(platform, arch))
}

requireBuild()

/**
 * The only way to onnxruntime's code; its types may be imported from the package. Loaded while this module runs, since
 * a static import would be moved above the line that silences the library.
 */
export const { env, InferenceSession, Tensor } = await import('onnxruntime-node')
