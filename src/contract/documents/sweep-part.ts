import { z } from 'zod'
import { FewShotScore, PromptScore, Rendering, SweepDocument, SweptPrompt } from './crc'
import { ScoredBy } from './scored-by'
import { ComputedBy } from './computed-by'
import { SamplingBaseline } from '../model/sampling-baseline'
import { SweptModel } from './swept-model'
import { WorkCounts } from './sweep-work'

export const SWEEP_PART_VERSION = 2

/** Limits the memory that a malicious file can claim. No cluster assigns this many machines to one sweep. */
const MAX_SHARDS = 10_000

export const Shard = z
  .object({ index: z.number().int().min(1), count: z.number().int().min(1).max(MAX_SHARDS) })
  .refine(({ index, count }) => index <= count, 'the index must not be greater than the count')
export type Shard = z.infer<typeof Shard>

/** Results of one machine in a sweep that is split by prompts. Merged, the parts become a SweepDocument. */
export const SweepPart = z.object({
  kind: z.literal('sweep-part'),
  schemaVersion: z.literal(SWEEP_PART_VERSION),
  shard: Shard,
  createdAt: z.iso.datetime(),
  programVersion: SweepDocument.shape.programVersion,
  ...ComputedBy.shape,
  rendering: Rendering,
  source: SweepDocument.shape.source,
  scoredBy: ScoredBy.default({ kind: 'crc' }),
  whatIf: SweepDocument.shape.whatIf,
  holdOutSplit: SweepDocument.shape.holdOutSplit,
  /** Default rho and seed for the merged sweep's selection. */
  rho: z.number().min(0).max(1),
  seed: z.number().int(),
  prompts: z.array(SweptPrompt),
  /** Prompts that this part scores: ascending indices into `prompts`. */
  scoredPrompts: z.array(z.number().int().nonnegative()).min(1),
  baseUnavailable: z.string().nullable(),
  notices: z.array(z.string()),
  /** Models with their scores on the scored prompts, in the order of `scoredPrompts`. */
  models: z.array(z.object({ model: SweptModel, prompts: z.array(PromptScore) })),
  baselines: z.array(z.object({ baseline: SamplingBaseline, prompts: z.array(PromptScore) })).default([]),
  /** Base after a few-shot prompt on the scored prompts. Missing in older parts, and with a notice. */
  fewShot: FewShotScore.pick({ prompts: true, format: true, work: true }).optional(),
  work: WorkCounts,
  reusedPromptCount: z.number().int().nonnegative()
})
export type SweepPart = z.infer<typeof SweepPart>
