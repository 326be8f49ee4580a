import type * as ort from 'onnxruntime-node'
import { DEVICE_LABELS, type DeviceName } from '../../../contract/model/device'
import { WorkbenchError } from '../../../contract/model/problem'
import { InferenceSession, Tensor } from '../../base/onnxruntime'
import { OnnxGraph } from '../../graphs/onnx-model'
import { physicalCores } from './physical-cores'
import { requirePlatform } from './platforms'
import { errorMessage } from '../../base/files/bounded-file'

/** The one place that knows onnxruntime: sessions, tensors and where they live. */
export interface Device {
  readonly name: DeviceName
  createSession(model: Uint8Array, options?: SessionSettings): Promise<ort.InferenceSession>
  /** Whether float16 products are worth having here: on the CPU they are float32 products and two conversions. */
  readonly gainsFromHalf: boolean
  /** Whether tensors can lie in memory of the device's own from one run to the next. */
  readonly keepsTensors: boolean
  /** What runs have moved between main memory and the device's own; null where there is no telling. */
  readonly moved: Readonly<MovedBytes> | null
  /** A tensor that many runs will read: uploaded once where the device keeps tensors. Whoever asks disposes of it. */
  resident(data: Float32Array, dims: readonly number[], type?: 'float32' | 'float16'): Promise<ort.Tensor>
  /**
   * What a session made, for use after the session's end: onnxruntime kills the process when a tensor in a device's memory is
   * disposed of later than the session that it came from. Takes the tensor over.
   */
  outlive(tensor: ort.Tensor): Promise<ort.Tensor>
  /** Waits until all that runs have queued on the device is done. */
  settle(): Promise<void>
  close(): Promise<void>
}

interface SessionSettings {
  /** Weights that the model names as external data. */
  readonly files?: readonly { path: string; data: Uint8Array }[]
  /**
   * Outputs that stay in the device's memory, where it keeps tensors, rather than come back: all, or those of these names.
   * Whoever runs disposes of them.
   */
  readonly outputsStay?: boolean | readonly string[]
  /** Main memory that a run has used is kept for the next one: for sessions whose runs are bounded. */
  readonly keepsMemory?: boolean
}

/** Bytes of tensors that were copied between main memory and a device's own. */
export interface MovedBytes {
  toDevice: number
  fromDevice: number
}

/** What every session runs with, whatever the device. */
export const SESSION_OPTIONS: ort.InferenceSession.SessionOptions = {
  intraOpNumThreads: physicalCores(),
  // Without the arena peak memory is what the plan says, for at most a tenth of the speed.
  enableCpuMemArena: false,
  // Several sessions live at once; each one's idle threads would spin and steal from the one that works.
  extra: { session: { intra_op: { allow_spinning: '0' } } }
}

type GpuProvider = Exclude<DeviceName, 'cpu'>

/** How onnxruntime is asked for each device, and what to do where it is missing. */
const PROVIDERS: Readonly<
  Record<GpuProvider, { options: ort.InferenceSession.SessionOptions; whenMissing: string }>
> = {
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

/** Has onnxruntime come up, which the first session otherwise waits for. */
export async function startRuntime(): Promise<void> {
  const session = await InferenceSession.create(uploadGraph(1, 'float32'), SESSION_OPTIONS)
  await session.release()
}

/** @throws WorkbenchError `unsupported` when this machine has no such device */
export async function openDevice(name: DeviceName): Promise<Device> {
  if (name === 'cpu') return hostMemoryDevice('cpu', { executionProviders: ['cpu'] })
  requirePlatform(name)
  const { options, whenMissing } = PROVIDERS[name]
  const label = DEVICE_LABELS[name]
  // CUDA rounds the factors of float32 products to 10 bits unless told otherwise; it reads this when it is loaded.
  if (name === 'cuda') process.env.NVIDIA_TF32_OVERRIDE = '0'
  try {
    if (name === 'webgpu') return await openWebGpu(options)
    const device = hostMemoryDevice(name, options)
    // A provider that is missing shows only when a session is made.
    await (await device.createSession(uploadGraph(1, 'float32'))).release()
    return device
  } catch (error) {
    const why = errorMessage(error)
    throw new WorkbenchError(
      'unsupported',
      `No ${label} device was found: ${why.replace(/\.?$/, '.')}`,
      whenMissing
    )
  }
}

/** A session on the CPU of somebody else's model, which finds external weights beside its file. */
export const openModelFile = (file: string): Promise<ort.InferenceSession> =>
  InferenceSession.create(file, { ...SESSION_OPTIONS, executionProviders: ['cpu'] })

/** A device whose tensors onnxruntime for Node keeps in main memory and copies for each run. */
function hostMemoryDevice(name: DeviceName, options: ort.InferenceSession.SessionOptions): Device {
  return {
    name,
    gainsFromHalf: false,
    keepsTensors: false,
    moved: null,
    createSession: (model, { files = [], keepsMemory = false } = {}) =>
      InferenceSession.create(model, {
        ...SESSION_OPTIONS,
        ...options,
        enableCpuMemArena: keepsMemory,
        externalData: files
      }),
    resident: (data, dims) => Promise.resolve(new Tensor('float32', data, dims)),
    outlive: (tensor) => Promise.resolve(tensor),
    settle: () => Promise.resolve(),
    close: () => Promise.resolve()
  }
}

/**
 * A session that is never released. With the last of them onnxruntime drops its WebGPU device and the shaders compiled for it, which the
 * next piece of work would compile again; and a tensor that is disposed of later kills the process.
 */
let keptWebGpu: Promise<ort.InferenceSession> | null = null

async function keepWebGpu(options: ort.InferenceSession.SessionOptions): Promise<void> {
  keptWebGpu ??= InferenceSession.create(uploadGraph(1, 'float32'), options)
  try {
    await keptWebGpu
  } catch (error) {
    // A driver may be there another time.
    keptWebGpu = null
    throw error
  }
}

async function openWebGpu(provider: ort.InferenceSession.SessionOptions): Promise<Device> {
  const options = { ...SESSION_OPTIONS, ...provider }
  await keepWebGpu(options)
  const moved = { toDevice: 0, fromDevice: 0 }
  const createSession: Device['createSession'] = async (model, { files = [], outputsStay = false } = {}) => {
    const session = await InferenceSession.create(model, {
      ...options,
      externalData: files,
      ...(outputsStay !== false && { preferredOutputLocation: onGpu(outputsStay) })
    })
    movedBy.set(session, moved)
    return session
  }
  // The only way to put a tensor into GPU memory from Node is to be a session's output.
  const uploaders = new Map<string, ort.InferenceSession>()
  const uploader = async (rank: number, type: 'float32' | 'float16'): Promise<ort.InferenceSession> => {
    const key = `${rank}/${type}`
    const existing = uploaders.get(key)
    if (existing !== undefined) return existing
    const created = await createSession(uploadGraph(rank, type), { outputsStay: true })
    uploaders.set(key, created)
    return created
  }
  // Not counted: its four bytes are nobody's data.
  const roundTrip = await InferenceSession.create(uploadGraph(1, 'float32'), options)
  return {
    name: 'webgpu',
    gainsFromHalf: true,
    keepsTensors: true,
    moved,
    createSession,
    resident: async (data, dims, type = 'float32') =>
      runKept(await uploader(dims.length, type), { value: floatTensor(data, dims) }),
    outlive: async (tensor) => {
      try {
        return await runKept(await uploader(tensor.dims.length, 'float32'), { value: tensor })
      } finally {
        tensor.dispose()
      }
    },
    // The queue is in order: what comes back came after all before it.
    settle: async () => {
      await runSession(roundTrip, { value: floatTensor(Float32Array.of(1), [1]) })
    },
    close: async () => {
      for (const session of [...uploaders.values(), roundTrip]) await session.release()
    }
  }
}

function onGpu(
  outputs: true | readonly string[]
): ort.InferenceSession.SessionOptions['preferredOutputLocation'] {
  return outputs === true
    ? 'gpu-buffer'
    : Object.fromEntries(outputs.map((name) => [name, 'gpu-buffer' as const]))
}

function uploadGraph(rank: number, type: 'float32' | 'float16'): Uint8Array {
  const graph = new OnnxGraph('upload')
  const dims = Array.from({ length: rank }, (_, i) => `size${i}`)
  const value = graph.input('value', 'float32', dims)
  const copy = graph.node('copy', 'Mul', [value, graph.constant('one', 1)])
  graph.output(type === 'float16' ? graph.cast('half', copy, type) : copy, 'uploaded', dims, type)
  return graph.encode()
}

/** Where the runs of a session are counted. */
const movedBy = new WeakMap<ort.InferenceSession, MovedBytes>()

/**
 * Runs a session and returns its outputs by name, each where it was asked to be.
 *
 * @param wanted names of outputs, the others being computed but not handed out, or the tensors whose memory they take
 */
export async function runTensors(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, ort.Tensor>>,
  wanted: readonly string[] | Readonly<Record<string, ort.Tensor>> = session.outputNames
): Promise<Readonly<Record<string, ort.Tensor>>> {
  const results = await session.run(feeds, wanted)
  const moved = movedBy.get(session)
  if (moved !== undefined) {
    moved.toDevice += bytesInMainMemory(feeds)
    moved.fromDevice += bytesInMainMemory(results)
  }
  return results
}

function bytesInMainMemory(tensors: Readonly<Record<string, ort.Tensor>>): number {
  return Object.values(tensors).reduce((sum, tensor) => {
    if (tensor.location !== 'cpu' || !ArrayBuffer.isView(tensor.data)) return sum
    return sum + tensor.data.byteLength
  }, 0)
}

/**
 * Runs a session and returns its float outputs by name.
 *
 * @param wanted outputs to hand out; the others are computed but not copied
 */
export async function runSession(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, ort.Tensor>>,
  wanted: readonly string[] = session.outputNames
): Promise<ReadonlyMap<string, Float32Array>> {
  const results = await runTensors(session, feeds, wanted)
  return new Map(Object.entries(results).map(([name, tensor]) => [name, floatsOf(tensor)]))
}

/** The values of a float32 tensor in main memory. */
export function floatsOf(tensor: ort.Tensor): Float32Array {
  if (!(tensor.data instanceof Float32Array)) throw new TypeError(`a tensor is ${tensor.type}, not float32`)
  return tensor.data
}

/**
 * Runs a session that writes its outputs into the memory of its inputs.
 *
 * @param targets for each output the tensor, which may be one of the feeds, whose memory it takes
 */
export async function runInPlace(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, ort.Tensor>>,
  targets: Readonly<Record<string, ort.Tensor>>
): Promise<void> {
  const results = await runTensors(session, feeds, targets)
  // Second handles on the targets' memory, which must not keep it alive.
  for (const handle of Object.values(results)) handle.dispose()
}

/** Runs a session whose only output stays in the device's memory, and returns that output. */
export async function runKept(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, ort.Tensor>>
): Promise<ort.Tensor> {
  const [output] = Object.values(await runTensors(session, feeds))
  if (output === undefined) throw new Error('the session has no output')
  return output
}

export function floatTensor(data: Float32Array, dims: readonly number[]): ort.Tensor {
  return new Tensor('float32', data, dims)
}

export function doubleTensor(data: Float64Array, dims: readonly number[]): ort.Tensor {
  return new Tensor('float64', data, dims)
}

export function integerTensor(data: BigInt64Array, dims: readonly number[]): ort.Tensor {
  return new Tensor('int64', data, dims)
}
