import { stat, statfs } from 'node:fs/promises'
import { arch, availableParallelism, freemem, platform, release, totalmem } from 'node:os'
import { dirname } from 'node:path'
import { DEVICE_LABELS, type DeviceReport } from '../../../contract/model/device'
import { formatMemory } from '../../../contract/model/bytes'
import { configFolder, huggingFaceCacheFolder, projectsFolder } from '../../base/files/paths'
import { configFile, readUserConfig, type UserConfig } from '../../base/config-file'
import { modelFolders } from '../../project/pair/model-folders'
import { bestDevice, triedDevices } from '../../work/devices'
import { cudaProblem, type MachineGpus, readGpus, vulkanProblem } from '../../work/gpus'
import { supportedTypes } from '../../family'
import { bytes, count, printJson, printShown, remark, style, table } from '../printing/output'
import { optionGroup } from '../options/option-group'
import { flag } from '../options/option-kinds'
import { subcommand } from '../options/subcommand'
import { programVersion } from '../printing/program-version'

const doctorOptions = optionGroup().options({
  families: flag('list the model types that can be computed, and nothing else')
})

/** `slr doctor`: tests devices and describes this machine. */
export const doctorCommand = subcommand(doctorOptions, {
  async run(options, _command, signal) {
    if (options.families) return printFamilies(options.json)
    if (!options.quiet) remark('Testing each device on a small model ...')
    const devices = await triedDevices(signal).reports()
    const gpus = await readGpus()
    const automatic = bestDevice(devices, gpus).device
    const machine = await machineFacts()
    await (options.json
      ? printJson('machine', { devices, automatic, gpus: gpus === null ? null : gpuJson(gpus), ...machine })
      : printShown(
          [
            describeDevices(devices, automatic),
            ...(gpus === null ? [] : ['', describeGpus(gpus)]),
            '',
            describeMachine(machine)
          ].join('\n')
        ))
  }
})

function printFamilies(json: boolean): Promise<void> {
  const types = supportedTypes()
  return json
    ? printJson('families', { families: types })
    : printShown(table([['model_type', 'models'], ...Object.entries(types)], 'll'))
}

interface FolderFacts {
  readonly path: string
  readonly exists: boolean
  /** Free bytes of the folder's disk; null if unknown. */
  readonly freeBytes: number | null
}

interface MachineFacts {
  readonly versions: Readonly<Record<string, string>>
  readonly memory: { readonly totalBytes: number; readonly freeBytes: number }
  readonly cores: number
  readonly config: UserConfig & { readonly path: string }
  readonly folders: Readonly<Record<'cache' | 'projects' | 'configuration', FolderFacts>>
  /** Folders that are searched for models besides the Hugging Face cache. */
  readonly modelFolders: readonly string[]
}

async function machineFacts(): Promise<MachineFacts> {
  const cache = huggingFaceCacheFolder()
  const { version, commit, onnxruntime } = programVersion()
  return {
    versions: {
      slr: commit === null ? version : `${version} (${commit})`,
      onnxruntime,
      node: process.versions.node,
      system: `${platform()} ${release()} ${arch()}`
    },
    memory: { totalBytes: totalmem(), freeBytes: freemem() },
    cores: availableParallelism(),
    config: { path: configFile(), ...(await readUserConfig()) },
    folders: {
      cache: await folderFacts(cache),
      projects: await folderFacts(projectsFolder()),
      configuration: await folderFacts(configFolder())
    },
    modelFolders: (await modelFolders()).filter((folder) => folder !== cache)
  }
}

async function folderFacts(path: string): Promise<FolderFacts> {
  const exists = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false
  )
  return { path, exists, freeBytes: await freeBytes(path) }
}

/** Returns the free bytes of the disk of a folder, which need not exist; null if unknown. */
async function freeBytes(path: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  } catch {
    return dirname(path) === path ? null : freeBytes(dirname(path))
  }
}

function describeDevices(devices: readonly DeviceReport[], automatic: string): string {
  return [
    table([['device', '', 'off by', 'GFLOP/s', ''], ...devices.map(deviceRow)], 'llrrl'),
    `Models of more than a few million parameters run on ${automatic} unless --device names another.`
  ].join('\n')
}

function deviceRow({ device, works, reason, check, adapter }: DeviceReport): string[] {
  return [
    device,
    works ? 'works' : 'does not work',
    check === null || device === 'cpu' ? '' : check.largestDifference.toExponential(0),
    check === null ? '' : count(check.gigaflops),
    reason ?? adapter ?? DEVICE_LABELS[device]
  ]
}

const gpuJson = ({ cuda, ...others }: MachineGpus) => ({
  ...others,
  cuda:
    cuda === null
      ? null
      : {
          ...cuda,
          libraries: { found: Object.fromEntries(cuda.libraries.folders), missing: cuda.libraries.missing }
        }
})

function describeGpus(machine: MachineGpus): string {
  const { gpus, cuda, vulkan } = machine
  const problems = [cudaProblem(machine), vulkanProblem(machine)].flatMap((problem) => problem ?? [])
  const libraries =
    cuda === null
      ? []
      : [...cuda.libraries.folders, ...cuda.libraries.missing.map((library) => [library, 'missing'] as const)]
  return table(
    [
      [style('bold', 'GPUs'), ''],
      ...(gpus.length === 0 ? [['GPU', 'none']] : []),
      ...gpus.map(({ name, driver }) => ['GPU', driver === null ? name : `${name}, driver ${driver}`]),
      ['Vulkan', vulkan.hasLoader ? 'installed' : 'not installed'],
      ['Vulkan drivers', vulkan.drivers.map(({ library }) => library).join(', ') || 'none'],
      ...libraries.map((row) => [...row]),
      ...problems.map((problem) => ['to do', problem])
    ],
    'lL'
  )
}

function configWords({ device, memory }: UserConfig): string {
  const settings = Object.entries({ device, memory }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${value}`]
  )
  return settings.length === 0 ? 'no device or memory' : settings.join(', ')
}

function describeMachine({ versions, memory, cores, folders, modelFolders: searched, config }: MachineFacts): string {
  const folderRow = (name: string, { path, exists, freeBytes: free }: FolderFacts): string[] => [
    name,
    `${path}${exists ? '' : ' (missing)'}${free === null ? '' : `, ${bytes(free)} free`}`
  ]
  return table(
    [
      [style('bold', 'This machine'), ''],
      ...Object.entries(versions),
      ['cores', count(cores)],
      ['memory', `${formatMemory(memory.totalBytes)}, ${formatMemory(memory.freeBytes)} free`],
      folderRow('Hugging Face cache', folders.cache),
      folderRow('projects', folders.projects),
      folderRow('configuration', folders.configuration),
      ['config file', `${config.path}: ${configWords(config)}`],
      ...searched.map((folder) => ['model folder', folder])
    ],
    'lL'
  )
}
