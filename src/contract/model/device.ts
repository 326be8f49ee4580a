import { z } from 'zod'

/** Where blocks are computed. */
export const DeviceName = z.enum(['cpu', 'webgpu', 'cuda', 'dml', 'coreml'])
export type DeviceName = z.infer<typeof DeviceName>

/** Where answers are generated: devices whose memory can hold the keys and values of what is being written. */
export const GenerationDevice = DeviceName.extract(['cpu', 'webgpu'])
export type GenerationDevice = z.infer<typeof GenerationDevice>

/** A device, or whichever suits machine and model. */
export const DeviceChoice = z.enum(['auto', ...DeviceName.options])
export type DeviceChoice = z.infer<typeof DeviceChoice>

export interface ChosenDevice {
  readonly device: DeviceName
  /** What the user should know about an automatic choice. */
  readonly notice: string | null
}

export const DEVICE_LABELS: Readonly<Record<DeviceName, string>> = {
  cpu: 'CPU',
  webgpu: 'WebGPU',
  cuda: 'CUDA',
  dml: 'DirectML',
  coreml: 'CoreML'
}

/** In what the large matrix products are computed. Norms, residuals and attention are float32 always. */
export const Precision = z.enum(['fp32', 'fp16'])
export type Precision = z.infer<typeof Precision>

/** Whether large products may be float16 there: on other devices they gain nothing. */
export const hasHalf = (device: DeviceName): boolean => device === 'webgpu'

/** How a device computed a small known model and one large product. */
export const DeviceCheck = z.object({
  /** Largest difference of its logits from the CPU's; they have a standard deviation of about 2. */
  largestDifference: z.number(),
  /** Speed of a 512 x 1024 x 1024 float32 product, the transfer of its rows included, in GFLOP/s. */
  gigaflops: z.number()
})
export type DeviceCheck = z.infer<typeof DeviceCheck>

/** What was found out about one device of this machine. */
export const DeviceReport = z.object({
  device: DeviceName,
  /** It was found and computes what the CPU computes. */
  works: z.boolean(),
  /** Why it does not work, and what would help. */
  reason: z.string().nullable(),
  /** Null when it could not be tried. */
  check: DeviceCheck.nullable()
})
export type DeviceReport = z.infer<typeof DeviceReport>
