import { z } from 'zod'
import { Endpoint } from '../model/external-model'
import { BytesProgress } from '../documents/distances'
import { NonFiniteTensor } from '../documents/non-finite'
import { Problem } from '../model/problem'
import { UNFINISHED } from '../documents/job-ending'

export const TENSOR_ORIGINS = [
  'post',
  'merged',
  'base',
  'checkpoint',
  'converted',
  'blended',
  'scaled',
  'factor'
] as const

/** Rank of an adapter, and whether it stores norms and biases whole, which only PEFT loads. */
export const LowRankAdapter = z.object({ rank: z.number().int().min(1), savesNormsAndBiases: z.boolean() })
export type LowRankAdapter = z.infer<typeof LowRankAdapter>

/** The written folder: a model, the remaining part of post's adapter, or a new low-rank adapter on post. */
export const ExportForm = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('model') }),
  z.object({ kind: z.literal('adapter') }),
  LowRankAdapter.extend({ kind: z.literal('low-rank') })
])
export type ExportForm = z.infer<typeof ExportForm>

export const ExportedTensor = z.object({
  name: z.string(),
  dtype: z.string(),
  bytes: z.number(),
  origin: z.enum(TENSOR_ORIGINS),
  strength: z.number(),
  /** Source that the tensor is restored to: base, or the name of a checkpoint. Null if it is only post's. */
  restoredTo: z.string().nullable()
})
export type ExportedTensor = z.infer<typeof ExportedTensor>

export const ExportedFile = z.object({
  name: z.string(),
  bytes: z.number(),
  /** weights: tensors of both models. copied: from post's folder. written: by this program. */
  kind: z.enum(['weights', 'copied', 'written']),
  tensors: z.array(ExportedTensor)
})
export type ExportedFile = z.infer<typeof ExportedFile>

export const TargetState = z.object({
  /** Absolute path without links. */
  path: z.string(),
  exists: z.boolean(),
  freeBytes: z.number().nullable()
})
export type TargetState = z.infer<typeof TargetState>

/** Files that an export would write, determined before it writes any. */
export const ExportPlan = z.object({
  files: z.array(ExportedFile),
  bytes: z.number(),
  /** Reason why mergekit cannot express this recipe. Null if it can, in which case mergekit.yaml is written. */
  mergekitProblem: z.string().nullable(),
  notes: z.array(z.string()),
  /** Warning of lost safety training, with the refusals that were measured. */
  safety: z.string(),
  form: ExportForm,
  /** Rank at which a low-rank adapter equals the recipe's linear weights exactly; null for other forms. */
  fullRank: z.number().nullable(),
  target: TargetState.nullable(),
  targetProblem: Problem.nullable()
})
export type ExportPlan = z.infer<typeof ExportPlan>

/** Bytes summed over all phases. The models are read more than once. */
export const ExportProgress = BytesProgress.extend({
  phase: z.enum(['preparing', 'writing', 'verifying', 'hashing', 'finishing']),
  /** Current file. Empty between files. */
  file: z.string()
})
export type ExportProgress = z.infer<typeof ExportProgress>

/** A way to use the written folder. */
export const NextStep = z.object({
  tool: z.string(),
  command: z.string(),
  /** Endpoint that the command starts. The exported model can then be a variant by this endpoint. */
  serves: Endpoint.optional()
})
export type NextStep = z.infer<typeof NextStep>

export const ExportResult = z.object({
  path: z.string(),
  recipe: z.string(),
  /** The model that was replaced: its current folder, and how to remove it. Null if there was none. */
  replaced: z.object({ keptAs: z.string(), removal: z.string() }).nullable(),
  files: z.array(z.object({ name: z.string(), bytes: z.number() })),
  bytes: z.number(),
  tensors: z.record(z.enum(TENSOR_ORIGINS), z.number().int()),
  mergekitProblem: z.string().nullable(),
  notes: z.array(z.string()),
  /** Written tensors that contain NaN or infinity because their sources do, with the written file's name. */
  nonFinite: z.array(NonFiniteTensor),
  seconds: z.object({ writing: z.number(), verifying: z.number(), hashing: z.number() }),
  nextSteps: z.array(NextStep)
})
export type ExportResult = z.infer<typeof ExportResult>

/** Events of a running export. The first is a snapshot, then changes follow, and the last states the outcome. */
export const ExportEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('snapshot'),
    recipe: z.string(),
    path: z.string(),
    progress: ExportProgress
  }),
  z.object({ type: z.literal('progress'), progress: ExportProgress }),
  z.object({ type: z.literal('finished'), result: ExportResult }),
  ...UNFINISHED
])
export type ExportEvent = z.infer<typeof ExportEvent>
