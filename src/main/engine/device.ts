import { availableParallelism } from 'node:os'
import * as ort from 'onnxruntime-node'
import type { DeviceName } from '../../contract/device'
import { WorkbenchError } from '../../contract/problem'
import { OnnxGraph } from '../family/onnx-model'

/** The one place that knows onnxruntime: sessions, tensors and where they live. */
export interface Device {
  readonly name: DeviceName
  /** @param files weights that the model names as external data */
  createSession(
    model: Uint8Array,
    files?: readonly { path: string; data: Uint8Array }[]
  ): Promise<ort.InferenceSession>
  /** Whether float16 products are worth having here: on the CPU they are float32 products and two conversions. */
  readonly gainsFromHalf: boolean
  /** A tensor that many runs will read: uploaded once where the device has memory of its own. */
  resident(data: Float32Array, dims: readonly number[], type?: 'float32' | 'float16'): Promise<ort.Tensor>
  close(): Promise<void>
}

/** What every session runs with, whatever the device. */
export const SESSION_OPTIONS: ort.InferenceSession.SessionOptions = {
  intraOpNumThreads: availableParallelism(),
  // Without the arena peak memory is what the plan says, for at most a tenth of the speed.
  enableCpuMemArena: false,
  // Several sessions live at once; each one's idle threads would spin and steal from the one that works.
  extra: { session: { intra_op: { allow_spinning: '0' } } }
}

/** @throws WorkbenchError `unsupported` when this machine has no such device */
export async function openDevice(name: DeviceName): Promise<Device> {
  return name === 'cpu' ? openCpu() : openWebGpu()
}

function openCpu(): Device {
  return {
    name: 'cpu',
    gainsFromHalf: false,
    createSession: (model, files = []) =>
      ort.InferenceSession.create(model, {
        ...SESSION_OPTIONS,
        executionProviders: ['cpu'],
        externalData: files
      }),
    resident: (data, dims) => Promise.resolve(new ort.Tensor('float32', data, dims)),
    close: () => Promise.resolve()
  }
}

async function openWebGpu(): Promise<Device> {
  const options = { ...SESSION_OPTIONS, executionProviders: ['webgpu'] }
  // The only way to put a tensor into GPU memory from Node is to be a session's output.
  const uploaders = new Map<string, ort.InferenceSession>()
  const uploader = async (rank: number, type: 'float32' | 'float16'): Promise<ort.InferenceSession> => {
    const key = `${rank}/${type}`
    const existing = uploaders.get(key)
    if (existing !== undefined) return existing
    const created = await ort.InferenceSession.create(uploadGraph(rank, type), {
      ...options,
      preferredOutputLocation: 'gpu-buffer'
    })
    uploaders.set(key, created)
    return created
  }
  try {
    // Also kept until the end: disposing GPU tensors after the last session is gone kills the process.
    await uploader(1, 'float32')
  } catch (error) {
    throw new WorkbenchError(
      'unsupported',
      `No WebGPU device was found: ${error instanceof Error ? error.message : String(error)}`,
      'Use the CPU instead.'
    )
  }
  return {
    name: 'webgpu',
    gainsFromHalf: true,
    createSession: (model, files = []) =>
      ort.InferenceSession.create(model, { ...options, externalData: files }),
    resident: async (data, dims, type = 'float32') => {
      const session = await uploader(dims.length, type)
      const { uploaded } = await session.run({ value: new ort.Tensor('float32', data, dims) })
      if (uploaded === undefined) throw new Error('the upload graph returned nothing')
      return uploaded
    },
    close: async () => {
      for (const session of uploaders.values()) await session.release()
    }
  }
}

function uploadGraph(rank: number, type: 'float32' | 'float16'): Uint8Array {
  const graph = new OnnxGraph('upload')
  const dims = Array.from({ length: rank }, (_, i) => `size${i}`)
  const value = graph.input('value', 'float32', dims)
  const copy = graph.node('copy', 'Mul', [value, graph.constant('one', 1)])
  graph.output(type === 'float16' ? graph.cast('half', copy, type) : copy, 'uploaded', dims, type)
  return graph.encode()
}

/** Runs a session and returns its float outputs by name. */
export async function runSession(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, ort.Tensor>>
): Promise<ReadonlyMap<string, Float32Array>> {
  const results = await session.run(feeds)
  return new Map(
    Object.entries(results).map(([name, tensor]) => {
      if (!(tensor.data instanceof Float32Array))
        throw new TypeError(`output ${name} is ${tensor.type}, not float32`)
      return [name, tensor.data]
    })
  )
}

export function floatTensor(data: Float32Array, dims: readonly number[]): ort.Tensor {
  return new ort.Tensor('float32', data, dims)
}

export function integerTensor(data: BigInt64Array, dims: readonly number[]): ort.Tensor {
  return new ort.Tensor('int64', data, dims)
}
