import { z } from 'zod'
import { PromptScore, Rendering, SweepDocument, SweptPrompt } from './crc'
import { ScoredBy } from './scored-by'
import { ComputedBy } from './computed-by'
import { Rival } from '../model/rival'
import { SweptModel } from './swept-model'
import { Work } from './sweep-work'

export const SWEEP_PART_VERSION = 1

/** More machines than a cluster gives one sweep; bounds what a hostile file can make us hold. */
const MAX_SHARDS = 10_000

/** Which share of a sweep: `index` of `count`, counted from 1. */
export const Shard = z
  .object({ index: z.number().int().min(1), count: z.number().int().min(1).max(MAX_SHARDS) })
  .refine(({ index, count }) => index <= count, 'the index must not be greater than the count')
export type Shard = z.infer<typeof Shard>

/** What one machine computed of a sweep that is split by prompts. All parts of a sweep together make a SweepDocument. */
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
  halves: SweepDocument.shape.halves,
  /** What the merged sweep is to select with, unless it is told otherwise. */
  rho: z.number().min(0).max(1),
  seed: z.number().int(),
  /** All of the sweep's, the same in every part. */
  prompts: z.array(SweptPrompt),
  /** Those that this part scores: ascending indices into `prompts`. */
  scoredPrompts: z.array(z.number().int().nonnegative()).min(1),
  baseUnavailable: z.string().nullable(),
  notices: z.array(z.string()),
  /** Each with its scores on the scored prompts, in their order. */
  models: z.array(z.object({ model: SweptModel, prompts: z.array(PromptScore) })),
  rivals: z.array(z.object({ rival: Rival, prompts: z.array(PromptScore) })).default([]),
  work: Work,
  reusedPromptCount: z.number().int().nonnegative()
})
export type SweepPart = z.infer<typeof SweepPart>
