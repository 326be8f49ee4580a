/** Explains that nothing can be computed on a system without a build of onnxruntime-node. */
export function noBuildFor(platform: NodeJS.Platform, arch: string): string {
  const system =
    platform === 'darwin' && arch === 'x64' ? 'Macs with an Intel processor' : `${platform} on ${arch}`
  return (
    `onnxruntime has no build for ${system}, so nothing can be computed here. ` +
    'It has builds for Linux and Windows (x64, arm64) and for Macs with Apple silicon.'
  )
}
