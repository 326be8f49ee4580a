import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { CUDA_LIBRARIES } from '../../../../src/main/engine/device/cuda-libraries'
import {
  cudaProblem,
  type GpuMachine,
  type MachineGpus,
  readGpus,
  vulkanGpus,
  vulkanProblem
} from '../../../../src/main/work/gpus'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'

/** Files of made-up machines, by the part that they stand for. */
const NVIDIA = {
  'dev/nvidia0': '',
  'dev/nvidiactl': '',
  'proc/driver/nvidia/gpus/0000:01:00.0/information': 'Model: \t\t NVIDIA H100 80GB HBM3\nIRQ: 1\n',
  'sys/module/nvidia/version': '570.86\n'
}
const RADEON = {
  'dev/dri/renderD128': '',
  'sys/class/drm/renderD128/device/vendor': '0x1002\n',
  'sys/class/drm/renderD128/device/device': '0x744c\n',
  'sys/class/drm/renderD128/device/uevent': 'DRIVER=amdgpu\nPCI_ID=1002:744C\n'
}
const PROVIDER = { 'onnxruntime/libonnxruntime_providers_cuda.so': '' }
const manifest = (library: string): string => JSON.stringify({ ICD: { library_path: library } })
const VULKAN = 'usr/share/vulkan/icd.d'

async function machine(
  files: Readonly<Record<string, string>>,
  { libraries = [], ...changes }: Partial<GpuMachine> & { libraries?: readonly string[] } = {}
): Promise<MachineGpus> {
  const gpus = await readGpus(await places(files, { libraries, ...changes }))
  if (gpus === null) throw new Error('nothing is known of the machine')
  return gpus
}

async function places(
  files: Readonly<Record<string, string>>,
  { libraries = [], ...changes }: Partial<GpuMachine> & { libraries?: readonly string[] } = {}
): Promise<GpuMachine> {
  const root = await temporaryFolder()
  for (const [name, content] of Object.entries({ 'dev/null': '', ...files })) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), content)
  }
  return {
    environment: {},
    root,
    home: join(root, 'home'),
    loaderCache: () => new Map(libraries.map((name) => [name, '/lib'])),
    platform: 'linux',
    arch: 'x64',
    onnxruntime: join(root, 'onnxruntime'),
    ...changes
  }
}

it('a GPU is named with its driver', async () => {
  expect((await machine(NVIDIA)).gpus).toEqual([
    { name: 'NVIDIA H100 80GB HBM3', vendor: 'NVIDIA', driver: 'nvidia 570.86' }
  ])
  expect((await machine(RADEON)).gpus).toEqual([{ name: 'AMD GPU 0x744c', vendor: 'AMD', driver: 'amdgpu' }])
})

it.each(['nvidia0', 'dxg', 'kfd', 'mali0', 'nvhost-gpu', 'kgsl-3d0'])('the node %s is a GPU', async (node) => {
  expect((await machine({ [`dev/${node}`]: '' })).gpus).toHaveLength(1)
})

it.each(['nvme0', 'nvram', 'dri/card0'])('the node %s is no GPU', async (node) => {
  expect((await machine({ [`dev/${node}`]: '' })).gpus).toEqual([])
})

it('only a trial can tell on other systems, and where /dev cannot be read', async () => {
  const linux = await places({})
  expect(await readGpus({ ...linux, platform: 'darwin' })).toBeNull()
  expect(await readGpus({ ...linux, platform: 'win32' })).toBeNull()
  expect(await readGpus({ ...linux, root: join(linux.root, 'nowhere') })).toBeNull()
})

it('what CUDA lacks is named with a remedy', async () => {
  const all = { libraries: CUDA_LIBRARIES }
  expect(cudaProblem(await machine(RADEON))).toBeNull()
  expect(cudaProblem(await machine({ ...NVIDIA, ...PROVIDER }, all))).toBeNull()
  expect(cudaProblem(await machine(NVIDIA, all))).toMatch(/not installed\. Run "npm run install:cuda"/)
  expect(cudaProblem(await machine(NVIDIA, { ...all, arch: 'arm64' }))).toMatch(/for x64 processors only/)
  const withoutCudnn = CUDA_LIBRARIES.filter((library) => library !== 'libcudnn.so.9')
  expect(cudaProblem(await machine({ ...NVIDIA, ...PROVIDER }, { libraries: withoutCudnn }))).toMatch(
    /^libcudnn\.so\.9 is missing\. Activate .* "pip install .*nvidia-cudnn-cu12"\.$/
  )
})

it('what WebGPU lacks is named with a remedy', async () => {
  const loader = ['libvulkan.so.1', 'libvulkan_lvp.so', 'libvulkan_radeon.so', 'libGLX_nvidia.so.0']
  const software = { [`${VULKAN}/lvp_icd.json`]: manifest('libvulkan_lvp.so') }
  const radeon = { [`${VULKAN}/radeon_icd.json`]: manifest('libvulkan_radeon.so') }
  const nvidia = { 'etc/vulkan/icd.d/nvidia_icd.json': manifest('libGLX_nvidia.so.0') }
  expect(vulkanProblem(await machine(software, { libraries: loader }))).toBeNull()
  expect(vulkanProblem(await machine(RADEON))).toMatch(/Install the package libvulkan1/)
  const withoutDriver = await machine({ ...RADEON, ...software }, { libraries: loader })
  expect(vulkanGpus(withoutDriver)).toEqual([])
  expect(vulkanProblem(withoutDriver)).toMatch(/mesa-vulkan-drivers/)
  // The driver of another vendor does not help, nor does a manifest whose library is not there.
  expect(vulkanProblem(await machine({ ...NVIDIA, ...radeon }, { libraries: loader }))).toMatch(
    /NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics/
  )
  // Mesa's driver for GPUs of NVIDIA needs another kernel driver.
  const nouveau = { [`${VULKAN}/nouveau_icd.json`]: manifest('libvulkan_nouveau.so') }
  const withNouveau = { libraries: [...loader, 'libvulkan_nouveau.so'] }
  expect(vulkanGpus(await machine({ ...NVIDIA, ...nouveau }, withNouveau))).toEqual([])
  const unlisted = { libraries: ['libvulkan.so.1'] }
  expect(vulkanProblem(await machine({ ...NVIDIA, ...nvidia }, unlisted))).not.toBeNull()
  expect(vulkanProblem(await machine({ ...NVIDIA, ...nvidia }, { libraries: loader }))).toBeNull()
  expect(vulkanProblem(await machine({ ...RADEON, ...radeon }, { libraries: loader }))).toBeNull()
})

it('a broken manifest is no driver, and VK_DRIVER_FILES replaces the usual folders', async () => {
  const files = { [`${VULKAN}/a.json`]: 'no JSON', [`${VULKAN}/b.json`]: manifest('libvulkan_radeon.so') }
  const libraries = ['libvulkan.so.1', 'libvulkan_radeon.so']
  expect((await machine(files, { libraries })).vulkan.drivers).toEqual([
    { name: 'b.json', library: 'libvulkan_radeon.so' }
  ])
  const environment = { VK_DRIVER_FILES: '/nowhere/lvp_icd.json' }
  expect((await machine(files, { libraries, environment })).vulkan.drivers).toEqual([])
})
