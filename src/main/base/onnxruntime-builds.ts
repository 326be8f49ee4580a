import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { builtScript } from './built'

/** Returns the folder of onnxruntime-node's libraries for a system, which may not exist. */
export function onnxruntimeFolder(platform: NodeJS.Platform, arch: string): string {
  const manifest = createRequire(builtScript('engine.js')).resolve('onnxruntime-node/package.json')
  return join(dirname(manifest), 'bin', 'napi-v6', platform, arch)
}

/** Explains that models cannot be computed on this system, because onnxruntime-node has no build for it. */
export function noBuildFor(platform: NodeJS.Platform, arch: string): string {
  const system = platform === 'darwin' && arch === 'x64' ? 'Macs with an Intel processor' : `${platform} on ${arch}`
  return (
    `onnxruntime has no build for ${system}, so nothing can be computed here. ` +
    'It has builds for Linux and Windows (x64, arm64) and for Macs with Apple silicon.'
  )
}
