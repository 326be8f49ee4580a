import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Device nodes of GPUs that a program can compute on. They are those of NVIDIA and its Tegra boards, WSL, AMD's
 * compute driver, and GPUs of phones (Mali, Adreno, PowerVR). Most other drivers have DRM render nodes.
 */
const NODES = /^(nvidia|nvhost|nvmap|nvgpu|dxg$|kfd$|mali|kgsl|pvr)/
const RENDER_NODE = /^renderD\d+$/

/**
 * Returns true if this machine may have a GPU. On Linux every GPU has a device node. A Vulkan adapter without a node is
 * software on the CPU (Mesa's llvmpipe, SwiftShader).
 *
 * @returns true where the answer is unknown
 */
export async function mayHaveGpu(platform: string = process.platform, devices = '/dev'): Promise<boolean> {
  if (platform !== 'linux') return true
  const names = await namesIn(devices)
  if (names === null || names.some((name) => NODES.test(name))) return true
  if (!names.includes('dri')) return false
  const rendering = await namesIn(join(devices, 'dri'))
  return rendering === null || rendering.some((name) => RENDER_NODE.test(name))
}

/** Returns the names in a folder; null if the folder cannot be read. */
async function namesIn(folder: string): Promise<string[] | null> {
  try {
    return await readdir(folder)
  } catch {
    return null
  }
}
