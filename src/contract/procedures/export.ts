import { z } from 'zod'
import { Endpoint } from '../model/outside-model'
import { BytesProgress } from '../documents/distances'
import { NonFiniteTensor } from '../documents/non-finite'
import { Problem } from '../model/problem'
import { UNFINISHED } from '../documents/job-ending'

/** Where the bytes of an exported tensor come from; see the recipe for what decides. */
export const TENSOR_ORIGINS = ['post', 'base', 'checkpoint', 'converted', 'blended'] as const

export const ExportedTensor = z.object({
  /** As stored. */
  name: z.string(),
  dtype: z.string(),
  bytes: z.number(),
  origin: z.enum(TENSOR_ORIGINS),
  /** How much it takes of what it is restored to. */
  strength: z.number(),
  /** What that is: base, or another checkpoint by its name; null where it is post's alone. */
  restoredTo: z.string().nullable()
})
export type ExportedTensor = z.infer<typeof ExportedTensor>

export const ExportedFile = z.object({
  name: z.string(),
  bytes: z.number(),
  /** weights: tensors of both. copied: from post's folder. written: by this program. */
  kind: z.enum(['weights', 'copied', 'written']),
  /** Of a file of weights, in the order of their bytes. */
  tensors: z.array(ExportedTensor)
})
export type ExportedFile = z.infer<typeof ExportedFile>

/** What stands at the folder that an export is to become. */
export const TargetState = z.object({
  /** Absolute and without links. */
  path: z.string(),
  /** Whether there is a model that would be replaced. */
  exists: z.boolean(),
  /** On its disk; null where the system does not say. */
  freeBytes: z.number().nullable()
})
export type TargetState = z.infer<typeof TargetState>

/** What an export would write, before anything is. */
export const ExportPlan = z.object({
  files: z.array(ExportedFile),
  bytes: z.number(),
  /** Why mergekit cannot say this recipe; null when it can, and then mergekit.yaml is written. */
  mergekitProblem: z.string().nullable(),
  /** Null until a target is chosen, or when nothing can be written there. */
  target: TargetState.nullable(),
  targetProblem: Problem.nullable()
})
export type ExportPlan = z.infer<typeof ExportPlan>

/** Bytes through all phases, of all of them: the models are read more than once. */
export const ExportProgress = BytesProgress.extend({
  phase: z.enum(['preparing', 'writing', 'verifying', 'hashing', 'finishing']),
  /** File being worked on; empty between files. */
  file: z.string()
})
export type ExportProgress = z.infer<typeof ExportProgress>

/** A way to use the written folder. */
export const NextStep = z.object({
  tool: z.string(),
  command: z.string(),
  /** Where the command has the model answer, so that it can be a variant's. */
  serves: Endpoint.optional()
})
export type NextStep = z.infer<typeof NextStep>

export const ExportResult = z.object({
  /** The written folder. */
  path: z.string(),
  recipe: z.string(),
  /** The model that was there: the folder that it is kept in, and how to remove it. Null when there was none. */
  replaced: z.object({ keptAs: z.string(), removal: z.string() }).nullable(),
  files: z.array(z.object({ name: z.string(), bytes: z.number() })),
  bytes: z.number(),
  /** Number of tensors of each origin. */
  tensors: z.record(z.enum(TENSOR_ORIGINS), z.number().int()),
  mergekitProblem: z.string().nullable(),
  /** Written tensors that hold NaN or infinity, as their sources do: by the name of the written file. */
  nonFinite: z.array(NonFiniteTensor),
  seconds: z.object({ writing: z.number(), verifying: z.number(), hashing: z.number() }),
  nextSteps: z.array(NextStep)
})
export type ExportResult = z.infer<typeof ExportResult>

/** What a watcher of an export sees: a snapshot first, then what changes, then how it ended. */
export const ExportEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('snapshot'),
    exportId: z.string(),
    recipe: z.string(),
    path: z.string(),
    progress: ExportProgress
  }),
  z.object({ type: z.literal('progress'), progress: ExportProgress }),
  z.object({ type: z.literal('finished'), result: ExportResult }),
  ...UNFINISHED
])
export type ExportEvent = z.infer<typeof ExportEvent>
