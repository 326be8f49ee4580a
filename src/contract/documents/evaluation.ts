import { z } from 'zod'
import { Interval } from './crc'
import { CheckpointReference } from '../model/checkpoint'
import { Precision } from '../model/device'
import { HeldWeights, Sampling } from '../model/sampling'
import { JudgeSettings, Judging } from './judge'
import { MeasureId } from '../model/measures'
import { RestorationRange } from '../model/recipe'
import { OutsideRecord } from '../model/outside-model'
import { RunHead, RunInList } from './run-head'
import { PairJudgement } from './preferences'
import { Computing, SampleProgress, ShownSample, Variant } from './samples'
import { Task } from './task'
import { factsOf, TaskKind } from '../model/task-kinds'
import { UNFINISHED } from './job-ending'

/** What a variant puts around the prompts of the task. */
const PromptFrame = z.object({
  /** Before the text of every prompt, such as "List five different answers, then pick one at random. ". */
  prefix: z.string().max(10_000).optional(),
  /** Behind it. */
  suffix: z.string().max(10_000).optional(),
  /** The system turn, instead of the prompt's own and the project's; empty: none. */
  system: z.string().max(100_000).optional()
})
export type PromptFrame = z.infer<typeof PromptFrame>

/** A variant with what it is combined with: SLR alone, decoding or prompting alone, and both, in one run. */
export const EvaluationVariant = PromptFrame.extend({
  variant: Variant,
  /** Instead of the task's. */
  sampling: Sampling.optional(),
  /**
   * Answers that its prompting asks for at once, in a list: what the model writes is read as so many answers, and it is asked as often less.
   * What a list lacks is an empty answer.
   */
  listed: z.number().int().min(2).max(100).optional()
}).strict()
export type EvaluationVariant = z.infer<typeof EvaluationVariant>

/** The next evaluation, as the user has set it. */
export const EvaluationSetup = z.object({
  /** Null: the first task that suits the pair. */
  taskId: z.string().nullable(),
  /** As typed; empty: the task's own. */
  sampleCount: z.string().max(100),
  /** Folders; empty: none. */
  embeddingModel: z.string(),
  classifier: z.string(),
  computing: Computing,
  /** Variants beside those that the pair offers. */
  added: z.array(EvaluationVariant).max(60),
  /** Variants that take no part, as `modelKey` has them: what a later sweep selects, or is kept later, takes part. */
  leftOut: z.array(z.string())
})
export type EvaluationSetup = z.infer<typeof EvaluationSetup>

/** One string for frames that make the same of a prompt. */
export const frameKey = ({ prefix, suffix, system }: Frame): string =>
  JSON.stringify([prefix ?? '', suffix ?? '', system ?? null])

/** As a variant has it, or as a stored set of prompts does. */
interface Frame {
  readonly prefix?: string | undefined
  readonly suffix?: string | undefined
  readonly system?: string | null | undefined
}

/** One string for variants that are sampled alike from the same prompts. @param sampling of the task */
export const settingsKey = (
  entry: Pick<EvaluationVariant, 'sampling' | 'listed' | keyof PromptFrame>,
  sampling: Sampling
): string => JSON.stringify([frameKey(entry), entry.sampling ?? sampling, entry.listed ?? 1])

/** Whether a variant is its model alone: sampled as the task says, from the prompts as they are. */
export const isPlain = (variant: EvaluationVariant): boolean =>
  variant.sampling === undefined && variant.listed === undefined && frameKey(variant) === frameKey({})

const PromptTokens = z.object({
  rendered: z.string(),
  tokens: z.array(z.number().int().nonnegative()).min(1)
})

export const EVALUATION_VERSION = 2

/**
 * What an evaluation was asked for and ran with, evaluations/<id>.json. Beside it lie the answers (<id>.jsonl, as those of
 * sample runs), what the engine made of them (<id>.scores.jsonl, a {@link PromptScores} a line), and what a judge said of them
 * (<id>.judge.jsonl, of pairs <id>.pairs.jsonl, of what they mean <id>.forms.jsonl).
 */
export const EvaluationRun = z.object({
  schemaVersion: z.literal(EVALUATION_VERSION),
  ...RunHead.shape,
  task: Task,
  /** Their names are unique. */
  variants: z.array(EvaluationVariant).min(1).max(60),
  /** What the models saw: one list of prompts for each frame in use, that of none being ''. */
  promptSets: z.array(
    z.object({
      prefix: z.string(),
      suffix: z.string().default(''),
      system: z.string().nullable().default(null),
      prompts: z.array(PromptTokens)
    })
  ),
  stopTokens: z.array(z.number().int()),
  /** Of the tokenizer, for expectation-adjusted measures. */
  vocabularySize: z.number().int().min(1),
  /** Where and how answers are generated and read, as it was asked for. */
  computing: Computing,
  /** How the engine computes them; null until it has, and where others answer. */
  precision: Precision.nullable(),
  weights: HeldWeights.nullable(),
  /** A sentence-embedding model of the user's, by folder and fingerprint, whose embeddings are compared; null: post's own. */
  embeddingModel: CheckpointReference.nullable().default(null),
  /** A classifier of the user's that says which answers are the same; null: none. */
  classifier: CheckpointReference.nullable().default(null),
  /** Who marked the answers last; null when nobody was asked to. */
  judge: JudgeSettings.nullable().default(null),
  /** Who compared the answers in pairs last. */
  pairJudge: JudgeSettings.nullable().default(null),
  /** Who read what the answers mean last. */
  formJudge: JudgeSettings.nullable().default(null),
  /**
   * Addresses of the judges that gave the stored verdicts without an address: those noted last before verdicts had one. Null until
   * another judge is noted; the judges above gave those verdicts then.
   */
  addressesOfOldVerdicts: z
    .object({ marks: z.string().nullable(), pairs: z.string().nullable(), forms: z.string().nullable() })
    .nullable()
    .default(null),
  /** Who answered where the engine did not, as far as it is known. */
  outside: z.array(OutsideRecord).default([]),
  notices: z.array(z.string())
})
export type EvaluationRun = z.infer<typeof EvaluationRun>

/** What the engine made of one prompt's answers: likelihoods, and how their embeddings lie. */
export const PromptScores = z.object({
  prompt: z.number().int().min(0),
  cells: z.array(
    z.object({
      variant: z.string(),
      /** Mean log-likelihood per token, in nats, over all answers that have a token; null when none has. */
      logLikelihoodPost: z.number().nullable(),
      /** Null also when base cannot read the tokens. */
      logLikelihoodBase: z.number().nullable(),
      cosineDistance: z.number().nullable(),
      vendiScore: z.number().nullable(),
      /** Classes among its first answers; left out without a classifier. */
      classCount: z.number().int().optional()
    })
  ),
  /** Answers of all variants in the plane of their first two principal components. */
  map: z.array(
    z.object({ variant: z.string(), index: z.number().int().min(0), x: z.number(), y: z.number() })
  ),
  /** Share of the variance along x and y. */
  explained: z.tuple([z.number(), z.number()])
})
export type PromptScores = z.infer<typeof PromptScores>

/** Below so many prompts no interval is given: none would hold what it says. */
export const FEWEST_PROMPTS = 5

const Estimate = z.object({
  mean: z.number(),
  /** 95 %, over prompts; null below {@link FEWEST_PROMPTS}, or where all prompts have the same value. */
  interval: Interval.nullable(),
  /** How many prompts have the measure. */
  promptCount: z.number().int()
})
export type Estimate = z.infer<typeof Estimate>

/** Over the prompts on which both have the measure. */
const Difference = Estimate.extend({
  /** At least 95 %: adjusted as p is, so that it holds 0 just when the adjusted p is above 0.05; null also where all prompts differ alike. */
  interval: Interval.nullable(),
  /** Cohen's d for paired values; null when the differences do not vary. */
  effectSize: z.number().nullable(),
  pValue: z.number(),
  /** Adjusted for all comparisons of this measure (Holm). */
  adjustedPValue: z.number()
})
export type Difference = z.infer<typeof Difference>

/** One variant of an evaluation, in numbers; measures that the task or the answers do not give are left out. */
export const VariantResult = z.object({
  variant: z.string(),
  answerCount: z.number().int(),
  measures: z.partialRecord(MeasureId, Estimate),
  /** Against the variant `comparedWith` on the same prompts; empty for that variant itself. */
  differences: z.partialRecord(MeasureId, Difference),
  /** pass@k for k = 1, 2, 4, ... up to the answers per prompt, and its difference; reasoning only. */
  passAtK: z.array(Estimate.extend({ k: z.number().int(), difference: Difference.nullable() }))
})
export type VariantResult = z.infer<typeof VariantResult>

/** The diversity and the quality that an evaluation begins with: of those of its kind of task the first that a variant has. */
export function mainMeasures(
  kind: TaskKind,
  variants: readonly Pick<VariantResult, 'measures'>[]
): { diversity: MeasureId; quality: MeasureId } {
  const { diversity, quality } = factsOf(kind).mainMeasures
  const measured = (id: MeasureId): boolean => variants.some(({ measures }) => measures[id] !== undefined)
  return {
    diversity: diversity.find(measured) ?? diversity[0],
    quality: quality.find(measured) ?? quality[0]
  }
}

/** How well the proxy's scores order models as this task does (Spearman). */
export const ProxyCorrelation = z.object({
  sweepId: z.string(),
  measure: MeasureId,
  against: z.enum(['diversity', 'validity']),
  /** Null when it is undefined, such as for fewer than three variants. */
  correlation: z.number().nullable(),
  /** 95 % over variants (Bonett and Wright 2000), null below five; null over ranges, which overlap and are no independent cases. */
  interval: Interval.nullable(),
  /** Every range where a sweep scored by this task has them all, exactly; the evaluated variants otherwise. */
  over: z.enum(['variants', 'ranges']),
  /** How many of them. */
  count: z.number().int()
})
export type ProxyCorrelation = z.infer<typeof ProxyCorrelation>

/** What the proxy selects, scored by the task. */
const ProxyPick = z.object({
  range: RestorationRange,
  /** Of the task: precision in place of validity. */
  validity: z.number(),
  /** What it must be at least to be selected there. */
  limit: z.number(),
  /** In coverage, over post. */
  gain: z.number()
})
export type ProxyPick = z.infer<typeof ProxyPick>

/** The variants on the prompts of one category. Differences are adjusted for the variants, not for the categories. */
const CategoryResult = z.object({
  category: z.string(),
  promptCount: z.number().int(),
  variants: z.array(VariantResult)
})
export type CategoryResult = z.infer<typeof CategoryResult>

/** A variant beside a range that was evaluated with it. */
const BesideRange = z.object({
  range: z.string(),
  variant: z.string(),
  /** The variant's less the range's, of the measures that its kind of task may begin with; adjusted (Holm) for all these pairs. */
  differences: z.partialRecord(MeasureId, Difference)
})
export type BesideRange = z.infer<typeof BesideRange>

export const EvaluationResults = z.object({
  /** The variant that others are compared with: the one asked for, else post, else the first. */
  comparedWith: z.string(),
  variants: z.array(VariantResult),
  /**
   * Of every range, or other recipe that chooses layers, each other variant, but for post (or what else is compared with when nobody
   * says): `differences` of the variants have those, in an adjustment of their own.
   */
  besideRanges: z.array(BesideRange).default([]),
  /** For each category of the task, where it has several. */
  categories: z.array(CategoryResult).default([]),
  proxy: z.array(ProxyCorrelation),
  /** Left out where the proxy selects no range, or no sweep of the task has scored it. */
  proxyPick: ProxyPick.optional(),
  /** What a judge of pairs said; null when there was none. */
  pairs: PairJudgement.nullable(),
  /** Per prompt and variant, for drilling down: [prompt][variant]. */
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

/** Evaluations that have all the answers that they were asked for, then the stopped ones; each in the order given. */
export const answeredFirst = <Listed extends Pick<EvaluationSummary, 'answerCount' | 'answerTotal'>>(
  evaluations: readonly Listed[]
): Listed[] => {
  const isAnswered = ({ answerCount, answerTotal }: Listed): boolean => answerCount >= answerTotal
  return [...evaluations.filter(isAnswered), ...evaluations.filter((listed) => !isAnswered(listed))]
}

/** First the answers are generated, then scored by the engine. */
export const EvaluationProgress = SampleProgress.extend({
  phase: z.enum(['preparing', 'generating', 'scoring']),
  promptsScored: z.number().int(),
  promptsTotal: z.number().int()
})
export type EvaluationProgress = z.infer<typeof EvaluationProgress>

/** Reading the answers takes far less time than generating them. */
const GENERATING_SHARE = 0.8

/** How much of an evaluation is done; 0 to 1. */
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

/** What a watcher of an evaluation sees; the results are fetched when it is over, or in between. */
export const EvaluationEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), evaluationId: z.string(), progress: EvaluationProgress }),
  z.object({ type: z.literal('finished'), evaluationId: z.string(), seconds: z.number() }),
  ...UNFINISHED
])
export type EvaluationEvent = z.infer<typeof EvaluationEvent>

/** A task that can be run, and whether it ships with the program or is the project's own. */
export const TaskEntry = z.object({ task: Task, origin: z.enum(['builtin', 'project']) })
export type TaskEntry = z.infer<typeof TaskEntry>

/** A stored evaluation with what its answers say. */
export const EvaluationView = z.object({
  run: EvaluationRun,
  results: EvaluationResults,
  /** Of each judge that was asked. */
  judging: z.array(Judging),
  /** What to know of the judges' work before its numbers are read. */
  notices: z.array(z.string()),
  /** Whether every answer is there and every prompt scored. */
  answered: z.boolean(),
  /** Whether that is so, and every judge that was asked has replied to all. */
  complete: z.boolean()
})
export type EvaluationView = z.infer<typeof EvaluationView>

/** What an evaluation has against a model: in words, and in two for the mark of a range. */
export const Objection = z.object({ words: z.string(), mark: z.enum(['loses quality', 'outdone']) })
export type Objection = z.infer<typeof Objection>

export const EvaluationObjection = Objection.extend({ evaluationId: z.string() })
export type EvaluationObjection = z.infer<typeof EvaluationObjection>

/** One prompt of an evaluation, for drilling down. */
export const EvaluatedPrompt = z.object({
  samples: z.array(ShownSample),
  /** Null until the engine has scored it. */
  scores: PromptScores.nullable(),
  /** What a judge has read texts to mean, where it has read all of a variant's: '' for no answer. */
  meanings: z.array(z.object({ variant: z.string(), text: z.string(), form: z.string() }))
})
export type EvaluatedPrompt = z.infer<typeof EvaluatedPrompt>
