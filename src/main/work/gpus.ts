import { readdir, readFile } from 'node:fs/promises'
import { basename, isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { readJsonFile } from '../base/files/bounded-file'
import { isFile } from '../base/files/path-kinds'
import { onnxruntimeFolder } from '../base/onnxruntime-builds'
import {
  type CudaLibraries,
  findCudaLibraries,
  type LibrarySearch,
  THIS_MACHINE
} from '../engine/device/cuda-libraries'

type Vendor = 'NVIDIA' | 'AMD' | 'Intel' | 'other'

export interface Gpu {
  readonly name: string
  readonly vendor: Vendor
  /** Kernel driver, with its version where it is known; null if unknown. */
  readonly driver: string | null
}

/** A Vulkan driver whose library exists. */
interface VulkanDriver {
  /** Name of its manifest, such as `nvidia_icd.json`. */
  readonly name: string
  readonly library: string
}

/** GPUs of a Linux machine, and the libraries and drivers that are needed to compute on them. */
export interface MachineGpus {
  readonly gpus: readonly Gpu[]
  /** Null without a GPU of NVIDIA. */
  readonly cuda: {
    /** False on processors for which onnxruntime has no CUDA build. */
    readonly isSupported: boolean
    /** True if onnxruntime's CUDA library was downloaded. */
    readonly isInstalled: boolean
    readonly libraries: CudaLibraries
  } | null
  readonly vulkan: { readonly hasLoader: boolean; readonly drivers: readonly VulkanDriver[] }
}

/** Describes where to look for the GPUs of a machine. Tests use folders that imitate other machines. */
export interface GpuMachine extends LibrarySearch {
  readonly platform: string
  readonly arch: string
  /** Folder of the onnxruntime-node package's libraries. */
  readonly onnxruntime: string
}

const HERE: GpuMachine = {
  ...THIS_MACHINE,
  platform: process.platform,
  arch: process.arch,
  onnxruntime: onnxruntimeFolder(process.platform, process.arch)
}

/**
 * Reads the GPUs of this machine. On Linux every GPU has a device node in /dev, so a machine without such nodes has no
 * GPU.
 *
 * @returns null if the GPUs cannot be listed: on other systems, or without access to /dev
 */
export async function readGpus(machine: GpuMachine = HERE): Promise<MachineGpus | null> {
  if (machine.platform !== 'linux') return null
  const nodes = await namesIn(join(machine.root, 'dev'))
  // Every system has device nodes, so an empty list means that /dev could not be read.
  if (nodes.length === 0) return null
  const gpus = await gpusOf(nodes, machine.root)
  const hasNvidia = gpus.some(({ vendor }) => vendor === 'NVIDIA')
  return {
    gpus,
    cuda: hasNvidia
      ? {
          isSupported: machine.arch === 'x64',
          isInstalled: await isFile(join(machine.onnxruntime, 'libonnxruntime_providers_cuda.so')),
          libraries: findCudaLibraries(machine)
        }
      : null,
    vulkan: await readVulkan(machine)
  }
}

/** Patterns of device nodes of GPUs that have no node in /dev/dri, each with its GPU. */
const OTHER_NODES: readonly (readonly [RegExp, Gpu])[] = [
  [/^nvidia\d/, { name: 'NVIDIA GPU', vendor: 'NVIDIA', driver: 'nvidia' }],
  [/^(nvhost|nvmap|nvgpu)/, { name: 'NVIDIA Tegra', vendor: 'NVIDIA', driver: 'nvgpu' }],
  [/^dxg$/, { name: 'GPU of Windows (WSL)', vendor: 'other', driver: 'dxg' }],
  [/^kfd$/, { name: 'AMD GPU', vendor: 'AMD', driver: 'amdkfd' }],
  [/^mali/, { name: 'Mali', vendor: 'other', driver: 'mali' }],
  [/^kgsl/, { name: 'Adreno', vendor: 'other', driver: 'kgsl' }],
  [/^pvr/, { name: 'PowerVR', vendor: 'other', driver: 'pvr' }]
]

/** Lists GPUs by their device nodes. @param nodes names in /dev @param root folder of the system, `/` but in tests */
async function gpusOf(nodes: readonly string[], root: string): Promise<Gpu[]> {
  const nvidia = nodes.some((name) => name.startsWith('nvidia')) ? await nvidiaGpus(root) : []
  const driNodes = nodes.includes('dri') ? await namesIn(join(root, 'dev/dri')) : []
  const renderNodes = driNodes.filter((name) => /^renderD\d+$/.test(name))
  const drmGpus = await Promise.all(renderNodes.map((name) => renderGpu(join(root, 'sys/class/drm', name, 'device'))))
  const gpus = [...nvidia, ...drmGpus.filter(({ vendor }) => vendor !== 'NVIDIA' || nvidia.length === 0)]
  if (gpus.length > 0) return gpus
  const other = OTHER_NODES.find(([pattern]) => nodes.some((name) => pattern.test(name)))
  return other === undefined ? [] : [other[1]]
}

/** Lists the GPUs of NVIDIA's driver with their model names. */
async function nvidiaGpus(root: string): Promise<Gpu[]> {
  const folder = join(root, 'proc/driver/nvidia/gpus')
  const version = await textOf(join(root, 'sys/module/nvidia/version'))
  const files = (await namesIn(folder)).map((name) => join(folder, name, 'information'))
  return Promise.all(
    files.map(async (file) => ({
      name: /^Model:\s*(.+)$/m.exec(await textOf(file))?.[1]?.trim() ?? 'NVIDIA GPU',
      vendor: 'NVIDIA' as const,
      driver: `nvidia ${version}`.trim()
    }))
  )
}

/** Vendors by their PCI number. */
const VENDORS: ReadonlyMap<string, Vendor> = new Map([
  ['0x10de', 'NVIDIA'],
  ['0x1002', 'AMD'],
  ['0x8086', 'Intel']
])

/** Describes a GPU by its PCI numbers. @param device folder of the GPU in /sys */
async function renderGpu(device: string): Promise<Gpu> {
  const vendor = VENDORS.get(await textOf(join(device, 'vendor'))) ?? 'other'
  const id = await textOf(join(device, 'device'))
  const driver = /^DRIVER=(.+)$/m.exec(await textOf(join(device, 'uevent')))?.[1] ?? null
  return { name: `${vendor === 'other' ? 'GPU' : `${vendor} GPU`} ${id}`.trim(), vendor, driver }
}

/** Folders of the manifests of Vulkan drivers, as the Vulkan loader searches them. */
const MANIFEST_FOLDERS = ['etc/vulkan/icd.d', 'usr/local/share/vulkan/icd.d', 'usr/share/vulkan/icd.d']

const Manifest = z.object({ ICD: z.object({ library_path: z.string().max(4096) }) })
const MAX_MANIFEST_BYTES = 2 ** 16

/** Reads the Vulkan loader and drivers. Variables of the environment can name the drivers' manifests. */
async function readVulkan({ environment, root, home, loaderCache }: GpuMachine): Promise<MachineGpus['vulkan']> {
  const libraries = loaderCache()
  const named = environment.VK_DRIVER_FILES ?? environment.VK_ICD_FILENAMES
  const folders = [...MANIFEST_FOLDERS.map((folder) => join(root, folder)), join(home, '.local/share/vulkan/icd.d')]
  const listed = await Promise.all(
    folders.map(async (folder) => (await namesIn(folder)).sort().map((name) => join(folder, name)))
  )
  const files = named === undefined || named === '' ? listed.flat() : named.split(':')
  const drivers: VulkanDriver[] = []
  for (const file of files.filter((name) => name.endsWith('.json'))) {
    const library = await libraryOf(file)
    if (library === null) continue
    const isThere = isAbsolute(library) ? await isFile(library) : libraries.has(library)
    if (isThere) drivers.push({ name: basename(file), library })
  }
  return { hasLoader: libraries.has('libvulkan.so.1'), drivers }
}

/** Returns the library that a manifest names; null for an unreadable manifest, which Vulkan's loader also ignores. */
async function libraryOf(manifest: string): Promise<string | null> {
  const content = await readJsonFile(manifest, MAX_MANIFEST_BYTES).catch(() => null)
  const parsed = Manifest.safeParse(content)
  return parsed.success ? parsed.data.ICD.library_path : null
}

/** Names of Vulkan drivers' libraries, by the vendor of the GPU. */
const DRIVER_LIBRARIES: Readonly<Record<Exclude<Vendor, 'other'>, RegExp>> = {
  NVIDIA: /nvidia|nouveau/i,
  AMD: /radeon|amdvlk/i,
  Intel: /intel/i
}
const SOFTWARE_LIBRARY = /lvp|llvmpipe|swiftshader/i

function hasVulkanDriver({ vendor, driver }: Gpu, drivers: readonly VulkanDriver[]): boolean {
  // Mesa's nouveau does not work on NVIDIA's kernel driver.
  const usable =
    driver?.startsWith('nvidia') === true ? drivers.filter(({ library }) => !/nouveau/i.test(library)) : drivers
  return usable.some(({ library }) =>
    vendor === 'other' ? !SOFTWARE_LIBRARY.test(library) : DRIVER_LIBRARIES[vendor].test(library)
  )
}

/** Returns the GPUs that WebGPU can use. If the list is empty, WebGPU computes by software on the CPU. */
export const vulkanGpus = ({ gpus, vulkan }: MachineGpus): readonly Gpu[] =>
  vulkan.hasLoader ? gpus.filter((gpu) => hasVulkanDriver(gpu, vulkan.drivers)) : []

const CUDA_PACKAGES =
  'pip install nvidia-cuda-runtime-cu12 nvidia-cublas-cu12 nvidia-cufft-cu12 nvidia-curand-cu12 ' +
  'nvidia-cuda-nvrtc-cu12 nvidia-cudnn-cu12'

/** Returns why CUDA cannot be used, with a remedy; null if nothing is missing. */
export function cudaProblem({ cuda }: MachineGpus): string | null {
  if (cuda === null) return null
  if (!cuda.isSupported) return 'onnxruntime has CUDA for x64 processors only. Use WebGPU or the CPU.'
  if (!cuda.isInstalled)
    return 'onnxruntime’s CUDA library is not installed. Run "npm run install:cuda" in the program’s folder.'
  const { missing } = cuda.libraries
  if (missing.length === 0) return null
  return (
    `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing. ` +
    `Activate the environment of a PyTorch with CUDA 12, or run "${CUDA_PACKAGES}".`
  )
}

/** Returns why WebGPU cannot use the machine's GPU, with a remedy; null if it can, or if there is no GPU. */
export function vulkanProblem(machine: MachineGpus): string | null {
  const [gpu] = machine.gpus
  if (gpu === undefined || vulkanGpus(machine).length > 0) return null
  if (!machine.vulkan.hasLoader) return 'Vulkan is not installed. Install the package libvulkan1.'
  if (gpu.vendor !== 'NVIDIA')
    return `No Vulkan driver of ${gpu.name} is installed. Install the package mesa-vulkan-drivers.`
  return (
    'NVIDIA’s Vulkan driver is not installed. In a container, ' +
    'set NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics and install libegl1.'
  )
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => [])

const textOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => ''
  )
