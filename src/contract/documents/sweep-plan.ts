import { z } from 'zod'
import { DeviceName, Precision } from '../model/device'

/** What a sweep holds when it holds most, in the engine process and in the memory of a device that keeps tensors; in bytes. */
export const PlannedMemory = z.object({
  /** The process itself: runtime, libraries, this program, and results nobody has collected yet. */
  process: z.number(),
  /** The weights being computed with and those being read, in float32, and the stored bytes being converted. */
  weights: z.number(),
  /** Hidden states of all recipes after a layer, while the next one is computed. */
  states: z.number(),
  /** What one run of a block, or of the head, works on. */
  activations: z.number(),
  /** States after the last layer, and what the head makes of them. */
  finals: z.number()
})
export type PlannedMemory = z.infer<typeof PlannedMemory>

/** How long a plan takes here, from a short trial of the same graphs and files. */
export const SweepEstimate = z.object({
  seconds: z.number(),
  /** Of which computing alone, and reading and converting alone: reading goes on while computing. */
  computeSeconds: z.number(),
  readSeconds: z.number()
})
export type SweepEstimate = z.infer<typeof SweepEstimate>

/** By what a plan's time is told: a finished sweep of the pair on this device, or one block that was timed for the plan. */
export const TimedBy = z.enum(['sweep', 'block'])
export type TimedBy = z.infer<typeof TimedBy>

/** What a preview would do in place of a whole sweep. */
export const PreviewPlan = z.object({
  /** Evaluations of blocks times distinct prompt prefixes, at most, and those of the whole sweep. */
  rows: z.number(),
  wholeRows: z.number(),
  /** Prompts that all ranges are scored on. */
  promptCount: z.number().int(),
  /** With the weights and states that its stages leave for each other. */
  peakBytes: z.number(),
  seconds: z.number(),
  timedBy: TimedBy
})
export type PreviewPlan = z.infer<typeof PreviewPlan>

/** What a sweep would do, known before it runs. */
export const SweepPlan = z.object({
  device: DeviceName,
  precision: Precision,
  /** The budget, and what the plan takes of it. */
  memoryBytes: z.number(),
  peakBytes: z.number(),
  /** Of which in the device's own memory; 0 where everything lies in main memory, or there is no telling. */
  deviceBytes: z.number(),
  memory: PlannedMemory,
  /** Prompts are swept in these groups, one after the other. */
  groups: z.array(z.object({ promptCount: z.number().int(), packedTokens: z.number().int() })).min(1),
  modelCount: z.number().int(),
  layerCount: z.number().int(),
  /** Recipe-trie edges advanced, summed over groups. */
  blockEvaluations: z.number().int(),
  packedTokens: z.number().int(),
  promptTokens: z.number().int(),
  /** Multiplications and additions of the matrix products with weights. */
  flops: z.object({ projections: z.number(), head: z.number() }),
  /** Stored bytes to read, once per group. */
  readBytes: z.object({ layers: z.number(), head: z.number() }),
  /** By one block. */
  estimate: SweepEstimate,
  /** What it takes, and by what that is told. */
  seconds: z.number(),
  timedBy: TimedBy,
  /** Null where no preview is asked for, or prompts are so few that it would score everything. */
  preview: PreviewPlan.nullable()
})
export type SweepPlan = z.infer<typeof SweepPlan>
