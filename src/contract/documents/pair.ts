import { z } from 'zod'

const WeightFileState = z.object({ name: z.string(), bytes: z.number(), modifiedMs: z.number() })

/** Identity of a checkpoint when a project last saw it: its fingerprint, and the modification times of its files. */
export const CheckpointIdentity = z.object({ fingerprint: z.string(), files: z.array(WeightFileState) })
export type CheckpointIdentity = z.infer<typeof CheckpointIdentity>

export const PairFingerprints = z.object({ base: z.string(), post: z.string() })
export type PairFingerprints = z.infer<typeof PairFingerprints>

/** Summary of a checkpoint from its config and safetensors headers only. */
export const CheckpointSummary = z.object({
  path: z.string(),
  name: z.string(),
  /** Hash that identifies the checkpoint in any folder. It differs between checkpoints, and after any change. */
  fingerprint: z.string(),
  modelType: z.string(),
  parameterCount: z.number().int(),
  weightBytes: z.number(),
  /** Number of tensors of each stored dtype, such as { BF16: 110 }. */
  dtypes: z.record(z.string(), z.number().int()),
  files: z.array(WeightFileState),
  layerCount: z.number().int(),
  hiddenSize: z.number().int(),
  intermediateSize: z.number().int(),
  /** Experts that replace the MLP in most layers. Null if no layer has experts. */
  experts: z.object({ count: z.number().int(), perRow: z.number().int(), size: z.number().int() }).nullable(),
  headCount: z.number().int(),
  kvHeadCount: z.number().int(),
  headSize: z.number().int(),
  vocabularySize: z.number().int(),
  contextLength: z.number().int().nullable(),
  tiedHead: z.boolean(),
  hasTokenizer: z.boolean(),
  hasChatTemplate: z.boolean(),
  hasGenerationConfig: z.boolean()
})
export type CheckpointSummary = z.infer<typeof CheckpointSummary>

/** An error makes the pair unusable, a warning limits its use, and a note is for information. */
export const Finding = z.object({ severity: z.enum(['error', 'warning', 'note']), message: z.string() })
export type Finding = z.infer<typeof Finding>

export const PairReport = z.object({
  base: CheckpointSummary,
  post: CheckpointSummary,
  compatible: z.boolean(),
  findings: z.array(Finding)
})
export type PairReport = z.infer<typeof PairReport>

/** Report on another checkpoint that is inspected for use with a pair. */
export const OtherCheckpointReport = z.object({
  checkpoint: CheckpointSummary,
  /** True if the checkpoint can be computed with the pair: no finding is an error. */
  compatible: z.boolean(),
  findings: z.array(Finding)
})
export type OtherCheckpointReport = z.infer<typeof OtherCheckpointReport>
