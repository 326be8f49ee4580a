import { z } from 'zod'

/** A weight file as it was when it was looked at: enough to notice that somebody wrote it again. */
const WeightFileState = z.object({ name: z.string(), bytes: z.number(), modifiedMs: z.number() })

/** A checkpoint as a project last saw it: what it is, and when its files were written. */
export const CheckpointIdentity = z.object({ fingerprint: z.string(), files: z.array(WeightFileState) })
export type CheckpointIdentity = z.infer<typeof CheckpointIdentity>

/** By their fingerprints, the checkpoints that a result was computed from. */
export const PairFingerprints = z.object({ base: z.string(), post: z.string() })
export type PairFingerprints = z.infer<typeof PairFingerprints>

/** One whole checkpoint, described from its config and safetensors headers alone. */
export const CheckpointSummary = z.object({
  path: z.string(),
  name: z.string(),
  /** Tells it from other checkpoints, and from itself after it changed; the same wherever the folder lies. */
  fingerprint: z.string(),
  modelType: z.string(),
  parameterCount: z.number().int(),
  /** Bytes of all weight files. */
  weightBytes: z.number(),
  /** Number of tensors of each stored dtype, such as { BF16: 110 }. */
  dtypes: z.record(z.string(), z.number().int()),
  files: z.array(WeightFileState),
  layerCount: z.number().int(),
  hiddenSize: z.number().int(),
  intermediateSize: z.number().int(),
  /** What stands in the place of the MLP in most layers; null where none has experts. */
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

/** An error makes the pair unusable; a warning limits what can be done with it; a note is good to know. */
export const Finding = z.object({ severity: z.enum(['error', 'warning', 'note']), message: z.string() })
export type Finding = z.infer<typeof Finding>

export const PairReport = z.object({
  base: CheckpointSummary,
  post: CheckpointSummary,
  /** No finding is an error. */
  compatible: z.boolean(),
  findings: z.array(Finding)
})
export type PairReport = z.infer<typeof PairReport>

/** Another checkpoint, looked at beside a pair. */
export const OtherCheckpointReport = z.object({
  checkpoint: CheckpointSummary,
  /** Whether it can be computed beside the pair: no finding is an error. */
  compatible: z.boolean(),
  findings: z.array(Finding)
})
export type OtherCheckpointReport = z.infer<typeof OtherCheckpointReport>
