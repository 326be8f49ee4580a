import { execFileSync } from 'node:child_process'
import { isMainThread } from 'node:worker_threads'
import type * as ort from 'onnxruntime-node'
import { DEVICE_LABELS, type DeviceName, hasFp16 } from '../../../contract/model/device'
import { unsupportedError, WorkbenchError } from '../../../contract/model/problem'
import { InferenceSession, Tensor } from '../../base/onnxruntime'
import { OnnxGraph } from '../../graphs/onnx-model'
import { physicalCores } from './physical-cores'
import { requirePlatform } from './platforms'
import { errorMessage } from '../../base/files/bounded-file'
import { sum } from '../../base/sums'

/** A CPU or GPU that computes graphs. Only this module uses onnxruntime's sessions and tensors directly. */
export interface Device {
  readonly name: DeviceName
  createSession(model: Uint8Array, options?: SessionSettings): Promise<ort.InferenceSession>
  /** True if float16 products are faster here. On the CPU they are float32 products and two conversions. */
  readonly gainsFromFp16: boolean
  /** True if tensors can stay in the device's own memory from one run to the next. */
  readonly keepsTensors: boolean
  /** True if each run copies all of its inputs to the device's own memory, so that runs should be large. */
  readonly copiesTensors: boolean
  /** Free bytes of the device's own memory; null if unknown, and for a device that uses main memory. */
  readonly memoryBytes: number | null
  /** Bytes that runs have copied between main memory and the device's own. Null if they cannot be counted. */
  readonly moved: Readonly<MovedBytes> | null
  /** Creates a tensor that many runs read ("resident"). It is uploaded once if the device keeps tensors. */
  resident(data: Float32Array, dims: readonly number[], type?: 'float32' | 'float16'): Promise<ort.Tensor>
  /** Returns a tensor for use after its session, because onnxruntime dies if that is disposed of later. */
  outlive(tensor: ort.Tensor): Promise<ort.Tensor>
  /** Waits until all queued runs on the device are done. */
  finishRuns(): Promise<void>
  close(): Promise<void>
}

interface SessionSettings {
  /** Weights that the model names as external data. */
  readonly files?: readonly { path: string; data: Uint8Array }[]
  /** Outputs that stay in the device's memory: all, or outputs with these names. Ignored if the device has none. */
  readonly outputsStay?: boolean | readonly string[]
  /** True if the main memory of a run is kept for the next one, whose size must be limited. */
  readonly keepsMemory?: boolean
}

export interface MovedBytes {
  toDevice: number
  fromDevice: number
}

export const SESSION_OPTIONS: ort.InferenceSession.SessionOptions = {
  // Other threads than the main one compute beside each other, each with sessions of one thread.
  intraOpNumThreads: isMainThread ? physicalCores() : 1,
  // The arena is off, so that peak memory agrees with the plan. This costs at most a tenth of the speed.
  enableCpuMemArena: false,
  extra: {
    session: {
      intra_op: { allow_spinning: '0' },
      // Weights of masked keys are below 1e-38. Attention of small models takes up to five times as long with them.
      set_denormal_as_zero: '1'
    }
  }
}

/**
 * Options with which threads spin between the operators of a run, which makes a step of answers 3 to 14 % faster.
 * They sleep after the run, because another session works then. Sweeps would become slower: they pass weights as
 * inputs, and a thread reads the next ones meanwhile.
 */
const SPINNING_OPTIONS: ort.InferenceSession.SessionOptions = {
  ...SESSION_OPTIONS,
  extra: { session: { force_spinning_stop: '1', set_denormal_as_zero: '1' } }
}

/** Minimum bytes of a session's weights for spinning, which takes three times the processor time for tiny models. */
const SPINNING_BYTES = 2 ** 24

type GpuProvider = Exclude<DeviceName, 'cpu'>

/** The onnxruntime options of each device, and the advice if the device is missing. */
const PROVIDERS: Readonly<Record<GpuProvider, { options: ort.InferenceSession.SessionOptions; whenMissing: string }>> =
  {
    webgpu: {
      options: { executionProviders: ['webgpu'] },
      whenMissing: 'Install a driver for the GPU, or use the CPU.'
    },
    cuda: {
      options: { executionProviders: ['cuda'] },
      whenMissing:
        'With an NVIDIA GPU, CUDA 12 and cuDNN 9 on the machine, "npm run install:cuda" adds it. Or use the CPU.'
    },
    dml: {
      // DirectML does not support memory patterns.
      options: { executionProviders: ['dml'], enableMemPattern: false },
      whenMissing: 'Install a driver for the GPU, or use the CPU.'
    },
    coreml: {
      options: { executionProviders: ['coreml'] },
      whenMissing: 'Use WebGPU or the CPU.'
    }
  }

/**
 * Starts onnxruntime, which the first session would otherwise wait for. The thread of the first session, and on Linux
 * each thread that it starts afterwards, takes denormal numbers as zero.
 */
export async function startRuntime(): Promise<void> {
  const session = await InferenceSession.create(uploadGraph(1, 'float32'), SESSION_OPTIONS)
  await session.release()
}

/** Opens a device. @throws WorkbenchError `unsupported` when this machine has no such device */
export async function openDevice(name: DeviceName): Promise<Device> {
  if (name === 'cpu') return hostMemoryDevice('cpu', { executionProviders: ['cpu'] })
  requirePlatform(name)
  const { options, whenMissing } = PROVIDERS[name]
  const label = DEVICE_LABELS[name]
  // CUDA by default rounds the factors of float32 products to 10 bits. It reads this variable when it is loaded.
  if (name === 'cuda') process.env.NVIDIA_TF32_OVERRIDE = '0'
  try {
    if (name === 'webgpu') return await openWebGpu(options)
    const device = hostMemoryDevice(name, options)
    // A missing provider is detected only when a session is created.
    await (await device.createSession(uploadGraph(1, 'float32'))).release()
    return device
  } catch (error) {
    const why = errorMessage(error)
    throw unsupportedError(`No ${label} device was found: ${why.replace(/\.?$/, '.')}`, whenMissing)
  }
}

export const openModelFile = (file: string): Promise<ort.InferenceSession> =>
  InferenceSession.create(file, { ...SESSION_OPTIONS, executionProviders: ['cpu'] })

/** Creates a device whose tensors onnxruntime for Node keeps in main memory and copies for each run. */
function hostMemoryDevice(name: DeviceName, options: ort.InferenceSession.SessionOptions): Device {
  const isCuda = name === 'cuda'
  const moved = isCuda ? { toDevice: 0, fromDevice: 0 } : null
  const create = sessionFactory(name, moved)
  return {
    name,
    gainsFromFp16: hasFp16(name),
    keepsTensors: false,
    copiesTensors: isCuda,
    memoryBytes: isCuda ? freeCudaMemory() : null,
    moved,
    createSession: (model, { files = [], keepsMemory = isCuda } = {}) => {
      const weightBytes = sum(files.map(({ data }) => data.byteLength))
      const common = weightBytes >= SPINNING_BYTES ? SPINNING_OPTIONS : SESSION_OPTIONS
      return create(model, { ...common, ...options, enableCpuMemArena: keepsMemory, externalData: files })
    },
    resident: (data, dims) => Promise.resolve(new Tensor('float32', data, dims)),
    outlive: (tensor) => Promise.resolve(tensor),
    finishRuns: () => Promise.resolve(),
    close: () => Promise.resolve()
  }
}

/** A session that is never released, because onnxruntime would release its WebGPU device and shaders with the last. */
let webGpuSession: Promise<ort.InferenceSession> | null = null

async function keepWebGpu(options: ort.InferenceSession.SessionOptions): Promise<void> {
  webGpuSession ??= InferenceSession.create(uploadGraph(1, 'float32'), options)
  try {
    await webGpuSession
  } catch (error) {
    // A driver may be available at another time.
    webGpuSession = null
    throw error
  }
}

async function openWebGpu(provider: ort.InferenceSession.SessionOptions): Promise<Device> {
  const options = { ...SESSION_OPTIONS, ...provider }
  await keepWebGpu(options)
  const moved = { toDevice: 0, fromDevice: 0 }
  const create = sessionFactory('webgpu', moved)
  const createSession: Device['createSession'] = (model, { files = [], outputsStay = false } = {}) =>
    create(model, {
      ...options,
      externalData: files,
      ...(outputsStay !== false && { preferredOutputLocation: onGpu(outputsStay) })
    })
  // From Node, a tensor gets into GPU memory only as a session's output.
  const uploaders = new Map<string, ort.InferenceSession>()
  const uploader = async (rank: number, type: 'float32' | 'float16'): Promise<ort.InferenceSession> => {
    const key = `${rank}/${type}`
    const existing = uploaders.get(key)
    if (existing !== undefined) return existing
    const created = await createSession(uploadGraph(rank, type), { outputsStay: true })
    uploaders.set(key, created)
    return created
  }
  // The session is created directly, so that its runs of four bytes do not count as copies of data.
  const roundTrip = await InferenceSession.create(uploadGraph(1, 'float32'), options)
  return {
    name: 'webgpu',
    gainsFromFp16: true,
    keepsTensors: true,
    copiesTensors: false,
    memoryBytes: null,
    moved,
    createSession,
    resident: async (data, dims, type = 'float32') =>
      runOnDevice(await uploader(dims.length, type), { value: floatTensor(data, dims) }),
    outlive: async (tensor) => {
      try {
        return await runOnDevice(await uploader(tensor.dims.length, 'float32'), { value: tensor })
      } finally {
        tensor.dispose()
      }
    },
    // The queue is in order, so all earlier runs are done once this result returns.
    finishRuns: async () => {
      await runSession(roundTrip, { value: floatTensor(Float32Array.of(1), [1]) })
    },
    close: async () => {
      for (const session of [...uploaders.values(), roundTrip]) await session.release()
    }
  }
}

function onGpu(outputs: true | readonly string[]): ort.InferenceSession.SessionOptions['preferredOutputLocation'] {
  return outputs === true ? 'gpu-buffer' : Object.fromEntries(outputs.map((name) => [name, 'gpu-buffer' as const]))
}

/** Builds a graph whose output is a copy of its input `value`, in the device's memory if the session keeps it there. */
function uploadGraph(rank: number, type: 'float32' | 'float16'): Uint8Array {
  const graph = new OnnxGraph('upload')
  const dims = Array.from({ length: rank }, (_, i) => `size${i}`)
  const value = graph.input('value', 'float32', dims)
  const copy = graph.node('copy', 'Mul', [value, graph.constant('one', 1)])
  graph.output(type === 'float16' ? graph.cast('half', copy, type) : copy, 'uploaded', dims, type)
  return graph.encode()
}

/** The GPU of each session, for its errors and copied bytes. Sessions on the CPU have no entry. */
const gpuOf = new WeakMap<ort.InferenceSession, { name: DeviceName; moved: MovedBytes | null }>()

/** Returns a function that creates sessions whose failures are the device's. @throws as {@link runTensors} */
function sessionFactory(name: DeviceName, moved: MovedBytes | null) {
  return async (model: Uint8Array, options: ort.InferenceSession.SessionOptions): Promise<ort.InferenceSession> => {
    if (name === 'cpu') return InferenceSession.create(model, options)
    const session = await InferenceSession.create(model, options).catch(deviceFailed(name))
    gpuOf.set(session, { name, moved })
    return session
  }
}

/** Words of a runtime whose GPU has too little memory: allocators of onnxruntime, CUDA, Direct3D and Dawn. */
const NO_MEMORY = /out of memory|failed to allocate|bad_alloc|alloc_failed|allocation failed|8007000E|buffer ?size/i

/** Returns a handler of an error that throws `device-memory` or `device-lost`. */
const deviceFailed =
  (name: DeviceName) =>
  (error: unknown): never => {
    const label = DEVICE_LABELS[name]
    const reason = errorMessage(error).replace(/\.?$/, '.')
    if (NO_MEMORY.test(reason))
      throw new WorkbenchError('device-memory', `${label} has too little memory: ${reason}`, GPU_HINT)
    throw new WorkbenchError('device-lost', `${label} failed: ${reason}`, GPU_HINT)
  }

const GPU_HINT = 'Run again with --device cpu, or start the program again. Finished parts are kept.'

/**
 * Runs a session and counts the bytes that are copied to and from a GPU.
 * @param wanted names of outputs, or tensors by name into whose memory the outputs are written
 * @throws WorkbenchError `device-memory` or `device-lost` if a GPU fails
 */
export async function runTensors(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, ort.Tensor>>,
  wanted: readonly string[] | Readonly<Record<string, ort.Tensor>> = session.outputNames
): Promise<Readonly<Record<string, ort.Tensor>>> {
  const gpu = gpuOf.get(session)
  if (gpu === undefined) return session.run(feeds, wanted)
  const results = await session.run(feeds, wanted).catch(deviceFailed(gpu.name))
  if (gpu.moved !== null) {
    gpu.moved.toDevice += bytesInMainMemory(feeds)
    gpu.moved.fromDevice += bytesInMainMemory(results)
  }
  return results
}

function bytesInMainMemory(tensors: Readonly<Record<string, ort.Tensor>>): number {
  return Object.values(tensors).reduce((sum, tensor) => {
    if (tensor.location !== 'cpu' || !ArrayBuffer.isView(tensor.data)) return sum
    return sum + tensor.data.byteLength
  }, 0)
}

/** Runs a session whose wanted outputs are float32. @returns their values by name @throws as {@link runTensors} */
export async function runSession(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, ort.Tensor>>,
  wanted: readonly string[] = session.outputNames
): Promise<ReadonlyMap<string, Float32Array>> {
  const results = await runTensors(session, feeds, wanted)
  return new Map(Object.entries(results).map(([name, tensor]) => [name, floatsOf(tensor)]))
}

/** Returns the values of a float32 tensor in main memory. @throws TypeError for another type */
export function floatsOf(tensor: ort.Tensor): Float32Array {
  if (!(tensor.data instanceof Float32Array)) throw new TypeError(`a tensor is ${tensor.type}, not float32`)
  return tensor.data
}

/** Runs a session that writes each output into the memory of a tensor, which may be one of the feeds. */
export async function runInPlace(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, ort.Tensor>>,
  targets: Readonly<Record<string, ort.Tensor>>
): Promise<void> {
  const results = await runTensors(session, feeds, targets)
  // The results are second handles on the targets' memory, which must not keep it alive.
  for (const handle of Object.values(results)) handle.dispose()
}

/** Runs a session whose only output stays in the device's memory, and returns that output. */
export async function runOnDevice(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, ort.Tensor>>
): Promise<ort.Tensor> {
  const [output] = Object.values(await runTensors(session, feeds))
  if (output === undefined) throw new Error('the session has no output')
  return output
}

export const floatTensor = (data: Float32Array, dims: readonly number[]): ort.Tensor =>
  new Tensor('float32', data, dims)

export const doubleTensor = (data: Float64Array, dims: readonly number[]): ort.Tensor =>
  new Tensor('float64', data, dims)

export const integerTensor = (data: BigInt64Array, dims: readonly number[]): ort.Tensor =>
  new Tensor('int64', data, dims)

/** Reads the free bytes of the GPU that CUDA computes on, of the smallest if there are several. Null if unknown. */
function freeCudaMemory(): number | null {
  const visible = process.env.CUDA_VISIBLE_DEVICES?.split(',')[0]
  const selected = visible === undefined || visible === '' ? [] : [`--id=${visible}`]
  try {
    const query = ['--query-gpu=memory.free', '--format=csv,noheader,nounits', ...selected]
    const text = execFileSync('nvidia-smi', query, { encoding: 'utf8', timeout: 10_000, stdio: 'pipe' })
    const mebibytes = Array.from(text.matchAll(/^\s*(\d+)\s*$/gm), ([, number]) => Number(number))
    return mebibytes.length === 0 ? null : Math.min(...mebibytes) * 2 ** 20
  } catch {
    // A container may lack the program, and integrated GPUs report no memory of their own.
    return null
  }
}
