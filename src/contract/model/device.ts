import { z } from 'zod'

/** Devices that compute blocks. */
export const DeviceName = z.enum(['cpu', 'webgpu', 'cuda', 'dml', 'coreml'])
export type DeviceName = z.infer<typeof DeviceName>

/** Devices on which this program can keep the keys and values of a text, so that they can generate answers. */
export const GenerationDevice = DeviceName.extract(['cpu', 'webgpu'])
export type GenerationDevice = z.infer<typeof GenerationDevice>

/** A device, or `auto`, which chooses a device by the machine and the model. */
export const DeviceChoice = z.enum(['auto', ...DeviceName.options])
export type DeviceChoice = z.infer<typeof DeviceChoice>

export interface ChosenDevice {
  readonly device: DeviceName
  readonly isAutomatic?: boolean
  readonly notice: string | null
}

export const DEVICE_LABELS: Readonly<Record<DeviceName, string>> = {
  cpu: 'CPU',
  webgpu: 'WebGPU',
  cuda: 'CUDA',
  dml: 'DirectML',
  coreml: 'CoreML'
}

/** Precision of the large matrix products. Norms, residuals and attention are always float32. */
export const Precision = z.enum(['fp32', 'fp16'])
export type Precision = z.infer<typeof Precision>

/** Reports whether a device supports float16 for large products. On other devices, float16 brings no gain. */
export const hasFp16 = (device: DeviceName): boolean => device === 'webgpu' || device === 'cuda'

/** Results of a device for some layers of a model and one large product. */
export const DeviceCheck = z.object({
  precision: Precision,
  /** Largest difference from the CPU, relative to the change that a layer makes. A huge number if not finite. */
  largestDifference: z.number(),
  /** Speed of a 512 x 1024 x 1024 float32 product in GFLOP/s, including the transfer of its rows. */
  gigaflops: z.number()
})
export type DeviceCheck = z.infer<typeof DeviceCheck>

export const DeviceReport = z.object({
  device: DeviceName,
  /** Names of the GPUs that it may compute on; null if unknown. */
  adapter: z.string().nullable(),
  /** True if the device is emulated on the CPU, which is slower than the device `cpu`. */
  isSoftware: z.boolean(),
  /** True if the device exists and computes the same results as the CPU. */
  works: z.boolean(),
  /** Reason why the device does not work, and a remedy. */
  reason: z.string().nullable(),
  /** Null if the device could not be tested. */
  check: DeviceCheck.nullable()
})
export type DeviceReport = z.infer<typeof DeviceReport>
