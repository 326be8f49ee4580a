import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import {
  CUDA_LIBRARIES,
  cudaEnvironment,
  findCudaLibraries,
  type LibrarySearch
} from '../../../../../src/main/engine/device/cuda-libraries'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'

const CUDNN = 'libcudnn.so.9'
const OTHERS = CUDA_LIBRARIES.filter((library) => library !== CUDNN)

/** A machine with a driver of NVIDIA and stubs of libraries. */
async function machine(
  files: readonly string[],
  { environment = {}, cached = {} }: { environment?: Record<string, string>; cached?: Record<string, string> } = {}
): Promise<LibrarySearch> {
  const root = await temporaryFolder()
  for (const file of ['dev/nvidiactl', ...files]) {
    await mkdir(dirname(join(root, file)), { recursive: true })
    await writeFile(join(root, file), '')
  }
  const inRoot = Object.entries(environment).map(([name, folder]) => [name, join(root, folder)] as const)
  return {
    environment: Object.fromEntries(inRoot),
    root,
    home: join(root, 'home'),
    loaderCache: () => new Map(Object.entries(cached))
  }
}

const inFolder = (folder: string, libraries: readonly string[]): string[] =>
  libraries.map((library) => `${folder}/${library}`)

it.each([
  ['a virtual environment', { VIRTUAL_ENV: 'venv' }, 'venv/lib/python3.12/site-packages/nvidia'],
  ['a conda environment', { CONDA_PREFIX: 'conda' }, 'conda/lib/python3.11/site-packages/nvidia'],
  ['the packages of the user', {}, 'home/.local/lib/python3.10/site-packages/nvidia'],
  ['the packages of the system', {}, 'usr/lib/python3/dist-packages/nvidia']
])('the engine gets the CUDA libraries of PyTorch in %s', async (_, environment, nvidia) => {
  const cudnn = `${nvidia}/cudnn/lib`
  const cublas = `${nvidia}/cublas/lib`
  const places = await machine([...inFolder(cudnn, [CUDNN]), ...inFolder(cublas, OTHERS)], { environment })
  const { missing, folders, toAdd } = findCudaLibraries(places)
  expect(missing).toEqual([])
  expect(folders.get(CUDNN)).toBe(join(places.root, cudnn))
  expect(new Set(toAdd)).toEqual(new Set([join(places.root, cudnn), join(places.root, cublas)]))
})

it('libraries of CUDA’s installer are added before the variable of the user', async () => {
  const places = await machine(inFolder('usr/local/cuda-12.4/lib64', CUDA_LIBRARIES), {
    environment: { LD_LIBRARY_PATH: 'mine' }
  })
  const paths = [join(places.root, 'usr/local/cuda-12.4/lib64'), join(places.root, 'mine')]
  expect(cudaEnvironment(places)).toEqual(process.platform === 'linux' ? { LD_LIBRARY_PATH: paths.join(':') } : {})
})

it('nothing is added where the loader finds all libraries', async () => {
  const cached = Object.fromEntries(OTHERS.map((library) => [library, '/lib']))
  const places = await machine(inFolder('mine', [CUDNN]), {
    environment: { LD_LIBRARY_PATH: 'mine' },
    cached
  })
  expect(findCudaLibraries(places)).toMatchObject({ missing: [], toAdd: [] })
  expect(cudaEnvironment(places)).toEqual({})
})

it('libraries of CUDA 13 do not stand for those of CUDA 12', async () => {
  const places = await machine(inFolder('usr/local/cuda-13.0/lib64', ['libcudart.so.13', ...CUDA_LIBRARIES]))
  expect(findCudaLibraries(places).missing).toEqual(CUDA_LIBRARIES)
})

it('a machine without a GPU of NVIDIA is not searched', async () => {
  const places = await machine(inFolder('usr/local/cuda/lib64', CUDA_LIBRARIES))
  expect(cudaEnvironment({ ...places, root: places.home })).toEqual({})
})
