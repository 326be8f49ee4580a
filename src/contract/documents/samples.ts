import { z } from 'zod'
import { CategoryScore, CrcPrompts, Rendering } from './crc'
import { PairReferences } from '../model/checkpoint'
import { DEVICE_LABELS, GenerationDevice, Precision } from '../model/device'
import { type Sampling, WeightStorage } from '../model/sampling'
import { TextMeasureId } from '../model/measures'
import { AnsweringModel } from '../model/model'
import { FewShotPrompts } from '../model/few-shot'
import { ExternalModel, ExternalRecord } from '../model/external-model'
import { RunHead, RunInList } from './run-head'
import { PreferenceVote } from './preferences'
import { SamplePrompt, TaskSettings } from './task'
import { UNFINISHED } from './job-ending'

// The options in their order in `AnsweringModel`.
const [base, post, recipe, checkpoint, fewShot, baseline] = AnsweringModel.options
const name = z.string()

/** A named model that answers prompts. */
export const Variant = z.discriminatedUnion('kind', [
  z.object({ kind: base.shape.kind, name }),
  z.object({ kind: post.shape.kind, name }),
  z.object({ kind: fewShot.shape.kind, name }),
  z.object({ kind: recipe.shape.kind, name, recipe: recipe.shape.recipe, kept: recipe.shape.kept }),
  checkpoint,
  z.object({ kind: baseline.shape.kind, name, baseline: baseline.shape.baseline }),
  ...ExternalModel.options
])
export type Variant = z.infer<typeof Variant>

export type EngineVariant = Exclude<Variant, ExternalModel>

/** Device and number formats for generating answers. */
export const Computing = z.object({
  device: GenerationDevice.default('cpu'),
  /** If omitted, fp16 is used if both the device and the model's family gain from it, otherwise fp32. */
  precision: Precision.optional(),
  /** If omitted, the precision of the products is used if it fits into the memory, otherwise int8. */
  weights: WeightStorage.optional()
})
export type Computing = z.infer<typeof Computing>

export const ON_CPU: Computing = { device: 'cpu' }

/** Returns the computing of options; omitted options stay omitted. */
export function computingFromOptions({
  device = 'cpu',
  precision,
  weights
}: { [Field in keyof Computing]?: Computing[Field] | undefined }): Computing {
  const computing: Computing = { device }
  if (precision !== undefined) computing.precision = precision
  if (weights !== undefined) computing.weights = weights
  return computing
}

export const SampleSettings = TaskSettings.extend({ ...Computing.shape, memoryBytes: z.number().positive() })
export type SampleSettings = z.infer<typeof SampleSettings>

export const SampleSetup = z.object({ settings: SampleSettings })
export type SampleSetup = z.infer<typeof SampleSetup>

/** Formats that the device used, the same for all answers of a run. */
export interface Computation {
  readonly precision: Precision
  readonly weights: WeightStorage
}

/** Describes a computation in one line of text. Null means that nothing has been computed yet. */
export function describeComputation(
  { device }: Pick<Computing, 'device'>,
  { precision, weights }: { precision: Precision | null; weights: WeightStorage | null }
): string {
  if (precision === null || weights === null) return `on ${DEVICE_LABELS[device]}, no weights loaded`
  return `on ${DEVICE_LABELS[device]} in ${precision}, weights held as ${weights}`
}

/** Sampler of the paper's evaluations. */
export const PAPER_SAMPLING: Sampling = { temperature: 1, topK: null, topP: 1, minP: 0.1, repetitionPenalty: 1 }

/**
 * How an answer ended: by the model, at the limit of tokens, refused by a filter of contents, or failed. The server
 * refused the request of a failed one. Only measures of refusals count refused answers, and none counts failed ones.
 */
export const AnswerFinish = z.enum(['stop', 'length', 'refused', 'failed'])
export type AnswerFinish = z.infer<typeof AnswerFinish>

/** Reason of OpenAI's API and of Inspect for an answer that a filter of contents has cut. */
export const FILTERED_REASON = 'content_filter'

/** Reports whether a line is an answer that measures and judges count. */
export const isCounted = ({ finish }: { readonly finish: AnswerFinish }): boolean =>
  finish !== 'refused' && finish !== 'failed'

/** One answer, one line of samples/<id>.jsonl. */
export const SampleLine = z.object({
  variant: z.string(),
  prompt: z.number().int().min(0),
  index: z.number().int().min(0),
  text: z.string(),
  tokens: z.array(z.number().int().nonnegative()),
  finish: AnswerFinish,
  /** Present for an answer from a list: the text with the first answer, and the probability that it states. */
  list: z.object({ whole: z.string().optional(), probability: z.number().nullable() }).optional()
})
export type SampleLine = z.infer<typeof SampleLine>

/** An answer without its tokens for the window. Tokens would be most of the transferred data. */
export const ShownSample = SampleLine.omit({ tokens: true })
export type ShownSample = z.infer<typeof ShownSample>

export const SAMPLE_RUN_VERSION = 3

/** Settings of a sample run, stored in samples/<id>.json. The answers are stored beside it in samples/<id>.jsonl. */
export const SampleRun = z.object({
  schemaVersion: z.literal(SAMPLE_RUN_VERSION),
  ...RunHead.shape,
  settings: SampleSettings,
  variants: z.array(Variant).min(1),
  prompts: z.array(SamplePrompt.extend({ rendered: z.string(), tokens: z.array(z.number().int()).min(1) })),
  /** The same prompts as base sees them after a few-shot prompt. Missing if no variant needs them. */
  fewShot: FewShotPrompts.optional(),
  stopTokens: z.array(z.number().int()),
  /** Weight format and precision. Null until the first answers arrive. */
  weights: WeightStorage.nullable(),
  precision: Precision.nullable().default('fp32'),
  /** Known facts about external models that answered in place of the engine. */
  external: z.array(ExternalRecord).default([]),
  /** Remarks for the user, such as a missing chat template or why base cannot be compared. */
  notices: z.array(z.string()),
  marks: z.array(PreferenceVote)
})
export type SampleRun = z.infer<typeof SampleRun>

export const SampleMeasures = z.object({
  sampleCount: z.number(),
  values: z.partialRecord(TextMeasureId, z.number())
})
export type SampleMeasures = z.infer<typeof SampleMeasures>

export const ComparedAnswers = z.object({
  prompts: z.number().int(),
  /** Minimum and maximum over these prompts of the number of answers per variant. 0 if there are none. */
  fewest: z.number().int(),
  most: z.number().int()
})
export type ComparedAnswers = z.infer<typeof ComparedAnswers>

/** Number of prompts in each mean. A measure's mean covers the prompts on which it is defined. */
export const MeanPrompts = z.partialRecord(TextMeasureId, z.number().int())
export type MeanPrompts = z.infer<typeof MeanPrompts>

export const SampleRunMeasures = z.object({
  cells: z.array(z.object({ variant: z.string(), prompt: z.number().int(), measures: SampleMeasures })),
  compared: ComparedAnswers,
  variants: z.array(z.object({ variant: z.string(), measures: SampleMeasures, promptCounts: MeanPrompts }))
})
export type SampleRunMeasures = z.infer<typeof SampleRunMeasures>

export const SampleRunSummary = RunInList.extend({
  promptCount: z.number().int(),
  /** Number of stored answers. `sampleTotal` is the number of requested ones. */
  sampleCount: z.number().int(),
  sampleTotal: z.number().int()
})
export type SampleRunSummary = z.infer<typeof SampleRunSummary>

export const SampleProgress = z.object({
  phase: z.enum(['preparing', 'generating']),
  samplesDone: z.number().int(),
  samplesTotal: z.number().int(),
  tokensPerSecond: z.number().nullable(),
  /** Estimated seconds if the other answers become as long as the finished ones. */
  secondsLeft: z.number().nullable(),
  /** Estimated seconds if every answer reaches its maximum length. */
  mostSecondsLeft: z.number().optional(),
  trouble: z.string().optional()
})
export type SampleProgress = z.infer<typeof SampleProgress>

/** A partial answer that is streamed into its cell. */
export const GrowingSample = SampleLine.pick({ variant: true, prompt: true, index: true, text: true })
export type GrowingSample = z.infer<typeof GrowingSample>

/** Events of a running sample run. The first is a snapshot. */
export const SampleEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('snapshot'), run: SampleRun, samples: z.array(ShownSample), progress: SampleProgress }),
  z.object({
    type: z.literal('progress'),
    progress: SampleProgress,
    weights: WeightStorage.nullable(),
    precision: Precision.nullable()
  }),
  z.object({ type: z.literal('samples'), finished: z.array(ShownSample), growing: z.array(GrowingSample) }),
  z.object({ type: z.literal('finished') }),
  ...UNFINISHED
])
export type SampleEvent = z.infer<typeof SampleEvent>

export const SAMPLE_EXPORT_FORMATS = ['jsonl', 'csv', 'html'] as const
export type SampleExportFormat = (typeof SAMPLE_EXPORT_FORMATS)[number]

/** One variant's answers to the CRC prompts, compared with the scores of their first tokens. */
const SampledCrcScore = z.object({
  variant: z.string(),
  /** Share of answers that are exactly one valid character, and the entropy of these answers. */
  answers: CategoryScore,
  firstToken: CategoryScore,
  /** A sweep's scores of the same prompts, at temperature 1 without truncation. Null if no sweep has them. */
  exact: CategoryScore.nullable(),
  /** Largest difference between the validities of answers and first token that sampling noise explains. */
  tolerance: z.number(),
  /** True if the difference exceeds `tolerance`. */
  disagrees: z.boolean()
})
type SampledCrcScore = z.infer<typeof SampledCrcScore>

export const SAMPLED_CRC_VERSION = 2

/** Scores of the CRC prompts from full generated answers, stored in sampled-crc.json. */
export const SampledCrc = z.object({
  schemaVersion: z.literal(SAMPLED_CRC_VERSION),
  createdAt: z.iso.datetime(),
  ...PairReferences.shape,
  rendering: Rendering,
  prompts: CrcPrompts,
  settings: SampleSettings,
  variants: z.array(Variant).min(1),
  /** Weight format and precision during generation. */
  weights: WeightStorage,
  precision: Precision.default('fp32'),
  scores: z.array(SampledCrcScore)
})
export type SampledCrc = z.infer<typeof SampledCrc>
