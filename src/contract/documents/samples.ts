import { z } from 'zod'
import { CategoryScore, CrcPrompts, Rendering } from './crc'
import { PairReferences } from '../model/checkpoint'
import { DEVICE_LABELS, GenerationDevice, Precision } from '../model/device'
import type { Sampling } from '../model/sampling'
import { HeldWeights } from '../model/sampling'
import { TextMeasureId } from '../model/measures'
import { AnsweringModel } from '../model/model'
import { OutsideModel, OutsideRecord } from '../model/outside-model'
import { RunHead, RunInList } from './run-head'
import { PreferenceMark } from './preferences'
import { SamplePrompt, TaskSettings } from './task'
import { UNFINISHED } from './job-ending'

const [base, post, recipe, checkpoint, rival] = AnsweringModel.options
const name = z.string()

/** One column of the comparison: a model, and what it is called there. Names are unique within a run. */
export const Variant = z.discriminatedUnion('kind', [
  z.object({ kind: base.shape.kind, name }),
  z.object({ kind: post.shape.kind, name }),
  z.object({ kind: recipe.shape.kind, name, recipe: recipe.shape.recipe, kept: recipe.shape.kept }),
  checkpoint,
  z.object({ kind: rival.shape.kind, name, rival: rival.shape.rival }),
  ...OutsideModel.options
])
export type Variant = z.infer<typeof Variant>

/** A variant that the engine answers for. */
export type EngineVariant = Exclude<Variant, OutsideModel>

/** Where and how answers are to be computed. */
export const Computing = z.object({
  device: GenerationDevice.default('cpu'),
  /** Left out: fp16 where device and family gain from it, fp32 elsewhere. */
  precision: Precision.optional(),
  /** Left out: as the products are computed when that fits into the memory, otherwise int8. */
  weights: HeldWeights.optional()
})
export type Computing = z.infer<typeof Computing>

/** Unless somebody says otherwise. */
export const ON_CPU: Computing = { device: 'cpu' }

/** What options ask for. */
export const askedComputing = ({
  device = 'cpu',
  precision,
  weights
}: { [Field in keyof Computing]?: Computing[Field] | undefined }): Computing => ({
  device,
  ...(precision === undefined ? {} : { precision }),
  ...(weights === undefined ? {} : { weights })
})

export const SampleSettings = TaskSettings.extend({
  ...Computing.shape,
  /** Of the device. */
  memoryBytes: z.number().positive()
})
export type SampleSettings = z.infer<typeof SampleSettings>

/** What the next run is to be, as the project keeps it. */
export const SampleSetup = z.object({
  settings: SampleSettings,
  /** Variants beside those that the project offers. */
  added: z.array(Variant).max(20).default([]),
  /** Variants that take no part, as `modelKey` has them; one that is kept later takes part without being asked for. */
  leftOut: z.array(z.string())
})
export type SampleSetup = z.infer<typeof SampleSetup>

/** How answers were computed on their device, the same for all of a run. */
export interface Computation {
  readonly precision: Precision
  readonly weights: HeldWeights
}

/** In one line, for people. Null: nothing has been computed yet. */
export function describeComputation(
  { device }: Pick<Computing, 'device'>,
  { precision, weights }: { precision: Precision | null; weights: HeldWeights | null }
): string {
  if (precision === null || weights === null) return `on ${DEVICE_LABELS[device]}, no weights loaded`
  return `on ${DEVICE_LABELS[device]} in ${precision}, weights held as ${weights}`
}

/** Temperature 1 and min-p 0.1: what the paper generated with. */
export const PAPER_SAMPLING: Sampling = {
  temperature: 1,
  topK: null,
  topP: 1,
  minP: 0.1,
  repetitionPenalty: 1
}

/** One answer, a line of samples/<id>.jsonl. */
export const SampleLine = z.object({
  /** The variant's name. */
  variant: z.string(),
  /** Index into the run's prompts. */
  prompt: z.number().int().min(0),
  index: z.number().int().min(0),
  text: z.string(),
  tokens: z.array(z.number().int().nonnegative()),
  finish: z.enum(['stop', 'length']),
  /** For an answer out of a list: what was written as a whole, with the first of its answers, and the probability that it states for this one. */
  list: z.object({ whole: z.string().optional(), probability: z.number().nullable() }).optional()
})
export type SampleLine = z.infer<typeof SampleLine>

/** An answer as the window shows it. Its tokens stay in the file: they are most of what would be sent. */
export const ShownSample = SampleLine.omit({ tokens: true })
export type ShownSample = z.infer<typeof ShownSample>

export const SAMPLE_RUN_VERSION = 2

/** What a run was asked for and ran with, samples/<id>.json; its answers lie beside it in samples/<id>.jsonl. */
export const SampleRun = z.object({
  schemaVersion: z.literal(SAMPLE_RUN_VERSION),
  ...RunHead.shape,
  settings: SampleSettings,
  variants: z.array(Variant).min(1),
  /** Prompts with what the models really saw. */
  prompts: z.array(SamplePrompt.extend({ rendered: z.string(), tokens: z.array(z.number().int()).min(1) })),
  /** Token ids that end an answer, from the generation config. */
  stopTokens: z.array(z.number().int()),
  /** How weights were held and products computed; null until the first answers came. */
  weights: HeldWeights.nullable(),
  precision: Precision.nullable().default('fp32'),
  /** Who answered where the engine did not, as far as it is known. */
  outside: z.array(OutsideRecord).default([]),
  /** Remarks for the user, such as a missing chat template or why base cannot be compared. */
  notices: z.array(z.string()),
  marks: z.array(PreferenceMark)
})
export type SampleRun = z.infer<typeof SampleRun>

/**
 * How diverse the answers of one cell (a variant's answers to one prompt), or of all its cells on average, are. What the
 * answers are too few or too short to tell is left out.
 */
export const SampleMeasures = z.object({
  sampleCount: z.number(),
  values: z.partialRecord(TextMeasureId, z.number())
})
export type SampleMeasures = z.infer<typeof SampleMeasures>

/** What the means of a run stand on: the prompts that all variants have answers to, and as many answers of each as all have. */
export const ComparedAnswers = z.object({
  prompts: z.number().int(),
  /** Answers of each variant to one of these prompts; 0 where there is none. */
  fewest: z.number().int(),
  most: z.number().int()
})
export type ComparedAnswers = z.infer<typeof ComparedAnswers>

/** Over how many prompts each mean is: those on which the measure is defined. */
export const MeanPrompts = z.partialRecord(TextMeasureId, z.number().int())
export type MeanPrompts = z.infer<typeof MeanPrompts>

export const SampleRunMeasures = z.object({
  /** Each with all of its answers. */
  cells: z.array(z.object({ variant: z.string(), prompt: z.number().int(), measures: SampleMeasures })),
  compared: ComparedAnswers,
  variants: z.array(
    z.object({
      variant: z.string(),
      measures: SampleMeasures,
      promptCounts: MeanPrompts
    })
  )
})
export type SampleRunMeasures = z.infer<typeof SampleRunMeasures>

export const SampleRunSummary = RunInList.extend({
  promptCount: z.number().int(),
  /** Answers stored, and answers asked for. */
  sampleCount: z.number().int(),
  sampleTotal: z.number().int()
})
export type SampleRunSummary = z.infer<typeof SampleRunSummary>

export const SampleProgress = z.object({
  phase: z.enum(['preparing', 'generating']),
  samplesDone: z.number().int(),
  samplesTotal: z.number().int(),
  tokensPerSecond: z.number().nullable(),
  /** As long as the others get like the finished ones; null before the first. */
  secondsLeft: z.number().nullable(),
  /** Should every answer get as long as it may. */
  mostSecondsLeft: z.number().optional(),
  /** Why an endpoint does not answer now, while it is asked again. */
  trouble: z.string().optional()
})
export type SampleProgress = z.infer<typeof SampleProgress>

/** A partial answer that is being written, for streaming into its cell. */
export const GrowingSample = SampleLine.pick({ variant: true, prompt: true, index: true, text: true })
export type GrowingSample = z.infer<typeof GrowingSample>

/** What a watcher of a running sample run sees; the first event is a snapshot. */
export const SampleEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('snapshot'),
    run: SampleRun,
    samples: z.array(ShownSample),
    progress: SampleProgress
  }),
  z.object({
    type: z.literal('progress'),
    progress: SampleProgress,
    weights: HeldWeights.nullable(),
    precision: Precision.nullable()
  }),
  /** Finished answers since the last event, and how far the others have come. */
  z.object({ type: z.literal('samples'), finished: z.array(ShownSample), growing: z.array(GrowingSample) }),
  z.object({ type: z.literal('finished'), runId: z.string(), seconds: z.number() }),
  ...UNFINISHED
])
export type SampleEvent = z.infer<typeof SampleEvent>

export const SAMPLE_EXPORT_FORMATS = ['jsonl', 'csv', 'html'] as const
export type SampleExportFormat = (typeof SAMPLE_EXPORT_FORMATS)[number]

/** One variant's answers to the CRC prompts, beside what their first tokens promise. */
const SampledCrcScore = z.object({
  variant: z.string(),
  /** Share of answers that are exactly one valid character, and the entropy of those; means as for exact scores. */
  answers: CategoryScore,
  /** Exact scores of the first token as the run's sampler draws it: what whole answers are compared with. */
  firstToken: CategoryScore,
  /** A sweep's scores of the same prompts, at temperature 1 with nothing cut off; null when no sweep has them. */
  exact: CategoryScore.nullable(),
  /** Largest difference between the validities of answers and first token that sampling noise explains. */
  tolerance: z.number(),
  /** Whether the two differ by more than that. */
  disagrees: z.boolean()
})
type SampledCrcScore = z.infer<typeof SampledCrcScore>

export const SAMPLED_CRC_VERSION = 1

/** The CRC prompts scored from whole generated answers, sampled-crc.json: the project's latest check. */
export const SampledCrc = z.object({
  schemaVersion: z.literal(SAMPLED_CRC_VERSION),
  createdAt: z.iso.datetime(),
  ...PairReferences.shape,
  rendering: Rendering,
  prompts: CrcPrompts,
  settings: SampleSettings,
  variants: z.array(Variant).min(1),
  /** How weights were held and products computed while generating. */
  weights: HeldWeights,
  precision: Precision.default('fp32'),
  /** Parallel to the variants. */
  scores: z.array(SampledCrcScore)
})
export type SampledCrc = z.infer<typeof SampledCrc>
