import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Libraries that onnxruntime's CUDA provider is linked to (microsoft/onnxruntime#22703). */
export const CUDA_LIBRARIES = [
  'libcudart.so.12',
  'libcublas.so.12',
  'libcublasLt.so.12',
  'libcufft.so.11',
  'libcurand.so.10',
  'libnvrtc.so.12',
  'libcudnn.so.9'
] as const

/** The machine on which libraries are searched, replaceable in tests. */
export interface LibrarySearch {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly root: string
  readonly home: string
  /** Lists the libraries that the system's loader finds, with their folders. */
  readonly loaderCache: () => ReadonlyMap<string, string>
}

export const THIS_MACHINE: LibrarySearch = {
  environment: process.env,
  root: '/',
  home: homedir(),
  loaderCache: readLoaderCache
}

export interface CudaLibraries {
  readonly folders: ReadonlyMap<string, string>
  readonly missing: readonly string[]
  /** Folders that the loader does not search without LD_LIBRARY_PATH. */
  readonly toAdd: readonly string[]
}

/** Finds CUDA 12 and cuDNN 9: in the loader's paths, in Python environments, and in the folders of CUDA's installer. */
export function findCudaLibraries(machine: LibrarySearch = THIS_MACHINE): CudaLibraries {
  const cache = machine.loaderCache()
  const { LD_LIBRARY_PATH: added = '' } = machine.environment
  const others = [...otherFolders(machine)]
  const folders = new Map<string, string>()
  const toAdd = new Set<string>()
  for (const library of CUDA_LIBRARIES) {
    const has = (folder: string): boolean => existsSync(join(folder, library))
    const loaderFolder = added.split(delimiter).find((folder) => folder !== '' && has(folder)) ?? cache.get(library)
    const folder = loaderFolder ?? others.find(has)
    if (folder === undefined) continue
    folders.set(library, folder)
    if (loaderFolder === undefined) toAdd.add(folder)
  }
  return {
    folders,
    missing: CUDA_LIBRARIES.filter((library) => !folders.has(library)),
    toAdd: [...toAdd]
  }
}

/** Returns environment variables with which a process finds CUDA's libraries. Empty if the loader finds them anyway. */
export function cudaEnvironment(machine: LibrarySearch = THIS_MACHINE): Readonly<Record<string, string>> {
  if (process.platform !== 'linux' || !hasNvidiaNode(machine.root)) return {}
  const { toAdd } = findCudaLibraries(machine)
  const before = machine.environment.LD_LIBRARY_PATH
  return toAdd.length === 0
    ? {}
    : { LD_LIBRARY_PATH: [...toAdd, ...(before === undefined ? [] : [before])].join(delimiter) }
}

/** Reports whether the kernel shows a GPU of NVIDIA, or Windows' GPU under WSL. */
export const hasNvidiaNode = (root = '/'): boolean =>
  ['dev/nvidiactl', 'dev/dxg'].some((node) => existsSync(join(root, node)))

function* otherFolders({ environment, root, home }: LibrarySearch): Generator<string> {
  for (const prefix of [environment.VIRTUAL_ENV, environment.CONDA_PREFIX]) {
    if (prefix === undefined || prefix === '') continue
    yield* pythonFolders(prefix)
    yield join(prefix, 'lib')
  }
  for (const prefix of [join(home, '.local'), join(root, 'usr/local'), join(root, 'usr')]) yield* pythonFolders(prefix)
  const local = join(root, 'usr/local')
  for (const toolkit of namesIn(local).filter((name) => /^cuda(-12.*)?$/.test(name)))
    yield join(local, toolkit, 'lib64')
}

/** Library folders of NVIDIA's and PyTorch's Python packages under a prefix. */
function* pythonFolders(prefix: string): Generator<string> {
  const lib = join(prefix, 'lib')
  for (const python of namesIn(lib).filter((name) => name.startsWith('python3'))) {
    for (const packages of ['site-packages', 'dist-packages']) {
      const nvidia = join(lib, python, packages, 'nvidia')
      for (const part of namesIn(nvidia)) yield join(nvidia, part, 'lib')
      yield join(lib, python, packages, 'torch', 'lib')
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

/** Reads `ldconfig -p`, whose lines end with `=> /path/of/the/library`. */
function readLoaderCache(): ReadonlyMap<string, string> {
  for (const program of ['/sbin/ldconfig', '/usr/sbin/ldconfig']) {
    try {
      const listing = execFileSync(program, ['-p'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      const entries = listing.matchAll(/^\s*(\S+) .*=> (.+)\/[^/]+$/gm)
      return new Map(Array.from(entries, ([, name = '', folder = '']) => [name, folder]))
    } catch {
      continue
    }
  }
  return new Map()
}
