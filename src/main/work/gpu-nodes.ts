import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * What the kernel shows of a GPU that a program can compute on, by its driver: DRM's render nodes (Mesa, AMD, Intel, virtio and most
 * others), NVIDIA's own and those of its Tegra boards, WSL's, AMD's for computing, and those of phones' GPUs (Mali, Adreno, PowerVR).
 */
const NODES = /^(nvidia|nvhost|nvmap|nvgpu|dxg$|kfd$|mali|kgsl|pvr)/
const RENDER_NODE = /^renderD\d+$/

/**
 * Whether this machine may have a GPU. On Linux nothing is one that the kernel shows no node of: an adapter that Vulkan finds all the
 * same is software on the CPU (Mesa's llvmpipe, SwiftShader).
 *
 * @returns true wherever there is no telling
 */
export async function mayHaveGpu(platform: string = process.platform, devices = '/dev'): Promise<boolean> {
  if (platform !== 'linux') return true
  const names = await namesIn(devices)
  if (names === null || names.some((name) => NODES.test(name))) return true
  if (!names.includes('dri')) return false
  const rendering = await namesIn(join(devices, 'dri'))
  return rendering === null || rendering.some((name) => RENDER_NODE.test(name))
}

/** Null where the folder cannot be read. */
async function namesIn(folder: string): Promise<string[] | null> {
  try {
    return await readdir(folder)
  } catch {
    return null
  }
}
