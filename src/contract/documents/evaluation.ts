import { z } from 'zod'
import { Interval } from './crc'
import { CheckpointReference } from '../model/checkpoint'
import { Precision } from '../model/device'
import { WeightStorage, Sampling } from '../model/sampling'
import { JudgeSettings, Judging } from './judge'
import { FewShotPrompts } from '../model/few-shot'
import { MeasureId } from '../model/measures'
import { Prompting } from '../model/prompting'
import { RestorationRange } from '../model/recipe'
import { ExternalRecord } from '../model/external-model'
import { RunHead, RunInList } from './run-head'
import { PairJudgement } from './preferences'
import { Computing, SampleProgress, ShownSample, Variant } from './samples'
import { Task } from './task'
import { taskKindFacts, TaskKind } from '../model/task-kinds'
import { jobEvent } from './job-ending'

/** Text that a variant adds around the prompts of the task. */
const PromptFrame = z.object({
  /** Text before every prompt, such as "List five different answers, then pick one at random. ". */
  prefix: z.string().max(10_000).optional(),
  /** Text after every prompt. */
  suffix: z.string().max(10_000).optional(),
  /** System turn that replaces the system turns of prompt and project. Empty means no system turn. */
  system: z.string().max(100_000).optional()
})
export type PromptFrame = z.infer<typeof PromptFrame>

/** A model with its sampler and prompting, so that a run can compare restored layers with samplers and promptings. */
export const EvaluationVariant = PromptFrame.extend({
  variant: Variant,
  /** Replaces the sampling of the task. */
  sampling: Sampling.optional(),
  /** Number of answers that the prompting requests at once, as a list. Missing list items are empty answers. */
  listed: z.number().int().min(2).max(100).optional(),
  /** Way of prompting: how answers are requested and read. Without a suffix, its text is added to the prompt. */
  prompting: Prompting.optional()
}).strict()
export type EvaluationVariant = z.infer<typeof EvaluationVariant>

/** Settings of the next evaluation, as the window shows them. */
export const EvaluationSetup = z.object({
  /** Null selects the first task that suits the pair. */
  taskId: z.string().nullable(),
  sampleCount: z.string().max(100),
  embeddingModel: z.string(),
  classifier: z.string(),
  computing: Computing
})
export type EvaluationSetup = z.infer<typeof EvaluationSetup>

/** Returns a key that is equal for frames with the same effect on a prompt. */
export const frameKey = ({ prefix, suffix, system }: Frame): string =>
  JSON.stringify([prefix ?? '', suffix ?? '', system ?? null])

interface Frame {
  readonly prefix?: string | undefined
  readonly suffix?: string | undefined
  readonly system?: string | null | undefined
}

/** Returns the frame of a variant's first prompts. Regeneration adds its suffix to later prompts only. */
export const firstFrame = ({
  prefix,
  suffix,
  system,
  prompting
}: Pick<EvaluationVariant, keyof PromptFrame | 'prompting'>): PromptFrame =>
  prompting === 'regeneration' ? { prefix, system } : { prefix, suffix, system }

/** Returns a key that is equal for variants with the same sampling, also by default, and the same prompts. */
export const variantSettingsKey = (
  entry: Pick<EvaluationVariant, 'sampling' | 'listed' | 'prompting' | keyof PromptFrame>,
  sampling: Sampling
): string => JSON.stringify([frameKey(entry), entry.sampling ?? sampling, entry.listed ?? 1, entry.prompting ?? null])

/** Reports whether a variant uses the task's sampling and the unchanged prompts. */
export const isPlain = (variant: EvaluationVariant): boolean =>
  variant.sampling === undefined &&
  variant.listed === undefined &&
  variant.prompting === undefined &&
  frameKey(variant) === frameKey({})

const PromptTokens = z.object({ rendered: z.string(), tokens: z.array(z.number().int().nonnegative()).min(1) })

export const EVALUATION_VERSION = 3

/**
 * Settings of an evaluation, in evaluations/<id>.json. Answers are in <id>.jsonl, the engine's {@link PromptScores}
 * in <id>.scores.jsonl, and a judge's verdicts in <id>.judge.jsonl, <id>.pairs.jsonl and <id>.forms.jsonl.
 */
export const EvaluationRun = z.object({
  schemaVersion: z.literal(EVALUATION_VERSION),
  ...RunHead.shape,
  task: Task,
  variants: z.array(EvaluationVariant).min(1).max(60),
  /** Prompts that the models saw: one list for each frame in use. The list without a frame has empty strings. */
  promptSets: z.array(
    z.object({
      prefix: z.string(),
      suffix: z.string().default(''),
      system: z.string().nullable().default(null),
      prompts: z.array(PromptTokens),
      /** The same prompts as base sees them after a few-shot prompt. Missing if no variant needs them. */
      fewShot: FewShotPrompts.optional()
    })
  ),
  stopTokens: z.array(z.number().int()),
  /** Vocabulary size of the tokenizer, for expectation-adjusted measures. */
  vocabularySize: z.number().int().min(1),
  computing: Computing,
  precision: Precision.nullable(),
  weights: WeightStorage.nullable(),
  /** Sentence-embedding model of the user; null means post's own embeddings. */
  embeddingModel: CheckpointReference.nullable().default(null),
  /** Classifier, named by the user, that decides which answers are the same; null without one. */
  classifier: CheckpointReference.nullable().default(null),
  judge: JudgeSettings.nullable().default(null),
  /** The judge that last compared answers in pairs. */
  pairJudge: JudgeSettings.nullable().default(null),
  /** The judge that last read the meaning of answers. */
  formJudge: JudgeSettings.nullable().default(null),
  /** Address of the judge of scores that were stored without an address, as versions before 3 did. */
  addressOfOldScores: z.string().nullable().default(null),
  external: z.array(ExternalRecord).default([]),
  notices: z.array(z.string())
})
export type EvaluationRun = z.infer<typeof EvaluationRun>

/** Scores that the engine computed from one prompt's answers: likelihoods and the geometry of their embeddings. */
export const PromptScores = z.object({
  prompt: z.number().int().min(0),
  cells: z.array(
    z.object({
      variant: z.string(),
      /** Mean log-likelihood per token, in nats, over all answers that have a token. Null if none has. */
      logLikelihoodPost: z.number().nullable(),
      /** Log-likelihood under base; null if base was not asked, or has other tokens. */
      logLikelihoodBase: z.number().nullable(),
      cosineDistance: z.number().nullable(),
      vendiScore: z.number().nullable(),
      /** Vendi score of the right answers, or of answers in the right form. Missing if the task has neither. */
      vendiPassing: z.number().optional(),
      /** Positions of the answers that begin a class, among the first of the cell. Missing without a classifier. */
      classBegins: z.array(z.number().int()).optional(),
      /** Probability that an answer begins like a refusal. Only for tasks of refusals. */
      refusalOpening: z.number().optional()
    })
  ),
  /** Answers of all variants, projected on their first two principal components. */
  map: z.array(z.object({ variant: z.string(), index: z.number().int().min(0), x: z.number(), y: z.number() })),
  /** Share of the variance along x and y. */
  explained: z.tuple([z.number(), z.number()])
})
export type PromptScores = z.infer<typeof PromptScores>

/** Minimum number of prompts for an interval. With fewer prompts, no interval would have its stated coverage. */
export const FEWEST_PROMPTS = 5

/** Minimum number of models for a rank correlation. */
export const MIN_CORRELATED = 3

const Estimate = z.object({
  mean: z.number(),
  /** 95 % interval over prompts. Null below {@link FEWEST_PROMPTS}, or if all prompts have the same value. */
  interval: Interval.nullable(),
  promptCount: z.number().int()
})
export type Estimate = z.infer<typeof Estimate>

/** Difference over the prompts on which both variants have the measure. */
const MeasureDifference = Estimate.extend({
  /** Interval of at least 95 %, adjusted like p; null as p, and if the difference is the same on all prompts. */
  interval: Interval.nullable(),
  effectSize: z.number().nullable(),
  pValue: z.number(),
  /** p-value adjusted for all comparisons of this measure (Holm). */
  adjustedPValue: z.number()
})
export type MeasureDifference = z.infer<typeof MeasureDifference>

export const VariantResult = z.object({
  variant: z.string(),
  answerCount: z.number().int(),
  measures: z.partialRecord(MeasureId, Estimate),
  /** Differences to the variant `comparedWith` on the same prompts. Empty for that variant. */
  differences: z.partialRecord(MeasureId, MeasureDifference),
  /** pass@k for k = 1, 2, 4, ... up to the answers per prompt, and its difference. Only reasoning tasks have it. */
  passAtK: z.array(Estimate.extend({ k: z.number().int(), difference: MeasureDifference.nullable() }))
})
export type VariantResult = z.infer<typeof VariantResult>

/** Returns the diversity and quality measures that an evaluation shows first, among measures that a variant has. */
export function mainMeasures(
  kind: TaskKind,
  variants: readonly Pick<VariantResult, 'measures'>[]
): { diversity: MeasureId; quality: MeasureId } {
  const { diversity, quality } = taskKindFacts(kind).mainMeasures
  const measured = (id: MeasureId): boolean => variants.some(({ measures }) => measures[id] !== undefined)
  return { diversity: diversity.find(measured) ?? diversity[0], quality: quality.find(measured) ?? quality[0] }
}

/** Spearman correlation between the proxy's scores and a measure of this task, over models. */
export const ProxyCorrelation = z.object({
  sweepId: z.string(),
  measure: MeasureId,
  against: z.enum(['diversity', 'validity']),
  correlation: z.number().nullable(),
  /** 95 % interval over variants (Bonett and Wright 2000), at least five. Null over ranges, which overlap. */
  interval: Interval.nullable(),
  /** `ranges` if a sweep scored by this task has exact scores for every range, otherwise `variants`. */
  over: z.enum(['variants', 'ranges']),
  count: z.number().int()
})
export type ProxyCorrelation = z.infer<typeof ProxyCorrelation>

/** The range that the proxy selects, scored by the task. */
const ProxyPick = z.object({
  range: RestorationRange,
  validity: z.number(),
  /** Minimum validity that the task's own selection requires. */
  limit: z.number(),
  gain: z.number()
})
export type ProxyPick = z.infer<typeof ProxyPick>

/** Results on the prompts of one category. Differences are adjusted for the variants, not for the categories. */
const CategoryResult = z.object({
  category: z.string(),
  promptCount: z.number().int(),
  variants: z.array(VariantResult)
})
export type CategoryResult = z.infer<typeof CategoryResult>

const BesideRange = z.object({
  range: z.string(),
  variant: z.string(),
  /** Value of the variant minus value of the range, adjusted (Holm) for all pairs of variant and range. */
  differences: z.partialRecord(MeasureId, MeasureDifference)
})
export type BesideRange = z.infer<typeof BesideRange>

/** Means of one model, with the change that the same settings give `comparedWith`. */
const Interaction = z.object({
  variant: z.string(),
  /** The same model with the settings of `comparedWith`. */
  plain: z.string(),
  /** The model of `comparedWith` with the settings of `variant`. */
  reference: z.string(),
  /** (variant - plain) - (reference - comparedWith). Adjusted (Holm) for all interactions of a measure. */
  differences: z.partialRecord(MeasureId, MeasureDifference)
})
export type Interaction = z.infer<typeof Interaction>

/** Measures of all variants of an evaluation, and their comparisons. */
export const EvaluationResults = z.object({
  /** Name of the reference variant. */
  comparedWith: z.string(),
  variants: z.array(VariantResult),
  /** Compares every range, and other recipes that choose layers, with each other variant except `comparedWith`. */
  besideRanges: z.array(BesideRange).default([]),
  /** Effects of prompting and sampling on each model, compared with `comparedWith`. Missing without such variants. */
  interactions: z.array(Interaction).optional(),
  categories: z.array(CategoryResult).default([]),
  proxy: z.array(ProxyCorrelation),
  /** Missing if the proxy selects no range, or if no sweep of the task has scored the selected one. */
  proxyPick: ProxyPick.optional(),
  pairs: PairJudgement.nullable(),
  /** Values per prompt and variant, indexed [prompt][variant]. */
  cells: z.array(z.array(z.partialRecord(MeasureId, z.number())))
})
export type EvaluationResults = z.infer<typeof EvaluationResults>

export const EvaluationSummary = RunInList.extend({
  taskId: z.string(),
  taskName: z.string(),
  kind: TaskKind,
  answerCount: z.number().int(),
  answerTotal: z.number().int()
})
export type EvaluationSummary = z.infer<typeof EvaluationSummary>

/** Returns evaluations that have all their requested answers, then the stopped ones. Each group keeps its order. */
export const answeredFirst = <Listed extends Pick<EvaluationSummary, 'answerCount' | 'answerTotal'>>(
  evaluations: readonly Listed[]
): Listed[] => {
  const isAnswered = ({ answerCount, answerTotal }: Listed): boolean => answerCount >= answerTotal
  return [...evaluations.filter(isAnswered), ...evaluations.filter((listed) => !isAnswered(listed))]
}

export const EvaluationProgress = SampleProgress.extend({
  phase: z.enum(['preparing', 'generating', 'scoring']),
  promptsScored: z.number().int(),
  promptsTotal: z.number().int()
})
export type EvaluationProgress = z.infer<typeof EvaluationProgress>

/** Estimated share of the time that generating takes. Scoring answers takes far less time. */
const GENERATING_SHARE = 0.8

export function evaluationShare({
  phase,
  samplesDone,
  samplesTotal,
  promptsScored,
  promptsTotal
}: EvaluationProgress): number {
  if (phase !== 'scoring') return (GENERATING_SHARE * samplesDone) / Math.max(1, samplesTotal)
  return GENERATING_SHARE + ((1 - GENERATING_SHARE) * promptsScored) / Math.max(1, promptsTotal)
}

export const EvaluationEvent = jobEvent(
  { evaluationId: z.string(), progress: EvaluationProgress },
  { evaluationId: z.string(), seconds: z.number() }
)
export type EvaluationEvent = z.infer<typeof EvaluationEvent>

/** A task that can be run, from the program (`builtin`) or from the project. */
export const TaskEntry = z.object({ task: Task, origin: z.enum(['builtin', 'project']) })
export type TaskEntry = z.infer<typeof TaskEntry>

export const EvaluationView = z.object({
  run: EvaluationRun,
  results: EvaluationResults,
  judging: z.array(Judging),
  notices: z.array(z.string()),
  /** True if every answer is stored and every prompt scored. */
  answered: z.boolean(),
  /** True if `answered` is true and every judge that was used has replied to all questions. */
  complete: z.boolean()
})
export type EvaluationView = z.infer<typeof EvaluationView>

export const EvaluatedPrompt = z.object({
  samples: z.array(ShownSample),
  scores: PromptScores.nullable(),
  /** Meanings of texts, for variants of which a judge read all texts. An empty form means no answer. */
  meanings: z.array(z.object({ variant: z.string(), text: z.string(), form: z.string() }))
})
export type EvaluatedPrompt = z.infer<typeof EvaluatedPrompt>
