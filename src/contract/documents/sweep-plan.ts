import { z } from 'zod'
import { DeviceName, Precision } from '../model/device'

/** Parts of the peak memory of a sweep, in bytes. */
export const PlannedMemory = z.object({
  /** The process without a sweep: runtime, libraries, this program, and results that are not collected yet. */
  process: z.number(),
  /** Bytes of float32 weights that are in use or being read, and of stored weights that are being converted. */
  weights: z.number(),
  /** Hidden states of all recipes after a layer, while the next layer is computed. */
  states: z.number(),
  /** Working memory of one run of a block or of the head. */
  activations: z.number(),
  /** Hidden states after the last layer. */
  finals: z.number()
})
export type PlannedMemory = z.infer<typeof PlannedMemory>

/** Estimated time of a plan on this machine, from a short test with the same graphs and files. */
export const SweepEstimate = z.object({
  seconds: z.number(),
  /** Seconds of computing only, and of reading and converting only. Reading runs during computing. */
  computeSeconds: z.number(),
  readSeconds: z.number()
})
export type SweepEstimate = z.infer<typeof SweepEstimate>

/** Source of a plan's time: a finished sweep of the pair on this device, or one block that was timed for the plan. */
export const TimedBy = z.enum(['sweep', 'block'])
export type TimedBy = z.infer<typeof TimedBy>

/** Runs on a device that keeps no tensors, and the bytes that they copy to its own memory and back. */
export const DeviceCopies = z.object({ runs: z.number().int(), toDevice: z.number(), fromDevice: z.number() })
export type DeviceCopies = z.infer<typeof DeviceCopies>

export const PreviewPlan = z.object({
  /** Maximum number of block evaluations times distinct prompt prefixes; `wholeRows` for the full sweep. */
  rows: z.number(),
  wholeRows: z.number(),
  promptCount: z.number().int(),
  peakBytes: z.number(),
  seconds: z.number(),
  timedBy: TimedBy
})
export type PreviewPlan = z.infer<typeof PreviewPlan>

/** Work, memory and time of a sweep, known before it runs. */
export const SweepPlan = z.object({
  device: DeviceName,
  /** Why a GPU of this machine is not used. Absent if there is none, or it is used. */
  deviceNotice: z.string().optional(),
  precision: Precision,
  /** Memory limit of the engine process, and the peak memory that the sweep needs. */
  memoryBytes: z.number(),
  peakBytes: z.number(),
  /** Part of the peak in the device's own memory. 0 if everything is in main memory, or if the part is unknown. */
  deviceBytes: z.number(),
  memory: PlannedMemory,
  /** Copies to and from the device. Missing without copies, and if the number of copied experts is unknown. */
  copies: DeviceCopies.optional(),
  /** Groups of prompts that are swept one after the other. */
  groups: z.array(z.object({ promptCount: z.number().int(), packedTokens: z.number().int() })).min(1),
  modelCount: z.number().int(),
  layerCount: z.number().int(),
  /** Evaluations of a block, summed over groups. Models with equal lower layers share them. */
  blockEvaluations: z.number().int(),
  /** Number of distinct prompt prefixes, and number of tokens of all prompts. */
  packedTokens: z.number().int(),
  promptTokens: z.number().int(),
  /** Multiplications and additions of the matrix products with weights. */
  flops: z.object({ projections: z.number(), head: z.number() }),
  /** Stored bytes to read. Each group reads them once. */
  readBytes: z.object({ layers: z.number(), head: z.number() }),
  estimate: SweepEstimate,
  seconds: z.number(),
  timedBy: TimedBy,
  /** Null if no preview is requested, or if there are so few prompts that it would score everything. */
  preview: PreviewPlan.nullable()
})
export type SweepPlan = z.infer<typeof SweepPlan>
