import { z } from 'zod'
import { OtherCheckpoint, RestoredTo } from '../model/checkpoint'
import { FewShotPrompt } from '../model/few-shot'
import { Blend, Recipe, RestorationRange } from '../model/recipe'
import { Baseline, BASELINE_KINDS, SamplingBaseline } from '../model/sampling-baseline'
import { MinPDraw } from '../model/sampling'
import { ComputedBy } from './computed-by'
import { ScoredBy } from './scored-by'
import { SweepMemory, WorkCounts } from './sweep-work'

/** Limits the memory that a malicious file can claim. No proxy task needs this many prompts. */
const MAX_PROMPTS = 10_000

const oneCharacter = z
  .string()
  .refine((text) => [...text].length === 1, 'each valid answer must be exactly one character')

/** A prompt of the character task, Constrained Random Character: it asks for one random character of a set. */
export const CrcPrompt = z
  .object({
    text: z.string().min(1, 'a prompt needs some text').max(100_000),
    category: z.string().min(1, 'a prompt needs a category').max(200),
    valid: z
      .array(oneCharacter)
      .min(2, 'a valid set needs at least two characters: diversity is undefined on one')
      .max(10_000)
      .refine((valid) => new Set(valid).size === valid.length, 'the valid set names a character twice')
  })
  .strict()
export type CrcPrompt = z.infer<typeof CrcPrompt>

export const CrcPrompts = z.array(CrcPrompt).min(1, 'a prompt set needs at least one prompt').max(MAX_PROMPTS)
export type CrcPrompts = z.infer<typeof CrcPrompts>

/** Settings that determine how prompts become tokens. They affect the result, so every sweep stores them. */
export const Rendering = z
  .object({
    /** The system turn. Empty means none. Families whose template has no system turn reject it. */
    systemPrompt: z.string().max(100_000),
    /** Extra variables of the chat template, such as `enable_thinking: false`. */
    templateArguments: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    /** Date that templates see instead of today's, as YYYY-MM-DD. It keeps prompts equal from one day to the next. */
    date: z.iso.date(),
    /** Text appended after the template's assistant header, such as "Answer: ". */
    assistantPrefix: z.string().max(10_000),
    /** True if tokens that add white space and then the character also count. */
    countLeadingSpace: z.boolean(),
    /** Prompt under which base answers as `base:few-shot`. Missing for the text of the task or the kind of prompts. */
    fewShot: FewShotPrompt.optional()
  })
  .strict()
export type Rendering = z.infer<typeof Rendering>

/** New values of a rendering. Null returns to the default few-shot prompts. */
export const RenderingChanges = Rendering.extend({ fewShot: FewShotPrompt.nullable() }).partial()
export type RenderingChanges = z.infer<typeof RenderingChanges>

export const DEFAULT_RENDERING: Rendering = {
  systemPrompt: '',
  templateArguments: {},
  date: '2026-01-01',
  assistantPrefix: '',
  countLeadingSpace: false
}

/** A prompt as text and tokens for the model. */
export const RenderedPrompt = CrcPrompt.extend({
  rendered: z.string(),
  tokens: z.array(z.number().int().nonnegative()).min(1),
  /** Valid characters that no single token can add after this prompt. They count in |V|, but are never drawn. */
  unreachable: z.array(z.string()),
  /** Measure that the prompt decides if one task is kept and another one regained: validity if its task is kept. */
  measure: z.enum(['validity', 'diversity']).optional()
})
export type RenderedPrompt = z.infer<typeof RenderedPrompt>

/** A prompt of a sweep, of the character task or another task. */
export const SweptPrompt = RenderedPrompt.extend({
  /** Correct answers. These are characters, or the first name of each answer of a task. */
  valid: z.array(z.string().min(1)).min(1).max(10_000),
  /** Hash of the tokens and answer tokens. Prompts with the same key share one computation. Empty in old sweeps. */
  key: z.string().max(100).default('')
})
export type SweptPrompt = z.infer<typeof SweptPrompt>

/** Validity and diversity, as means over prompts or of one prompt. */
export const CategoryScore = z.object({ validity: z.number(), diversity: z.number() })
export type CategoryScore = z.infer<typeof CategoryScore>

/** Drops all fields of a score except its two means. */
export const onlyMeans = ({ validity, diversity }: CategoryScore): CategoryScore => ({ validity, diversity })

/** Exact measures of a model's answers. P(a) is the probability of answer `a` in a written form, to its end. */
const TaskMeasures = z.object({
  /** Sum of P over the correct answers. */
  precision: z.number(),
  /** Expected number of different correct answers in the sweep's number of draws n: the sum of 1 - (1 - P)^n. */
  distinctRight: z.number(),
  /** `distinctRight` divided by the number of all correct answers. */
  coverage: z.number(),
  /** Effective number of answers: exp of the entropy of P divided by its sum. */
  effectiveAnswers: z.number(),
  /** Probability that an answer begins as a correct one and continues differently. */
  continued: z.number()
})
export type TaskMeasures = z.infer<typeof TaskMeasures>

export const PromptScore = z.object({
  validity: z.number(),
  diversity: z.number(),
  effectiveChoices: z.number(),
  /** Probability of each correct answer, in the prompt's order. The sum is the validity. */
  probabilities: z.array(z.number()),
  /**
   * Values under each `whatIf` sampler, little-endian float32 in base64: validity and diversity of characters, or the
   * probability of each correct answer, then `continued`.
   */
  whatIf: z.base64().optional(),
  ...TaskMeasures.partial().shape
})
export type PromptScore = z.infer<typeof PromptScore>

/**
 * Means over the prompts of a category, then over categories. Tasks give precision, coverage and effective answers: two
 * tasks the precision on the kept one, and the coverage on the regained one.
 */
export const Score = z.object({
  validity: z.number(),
  diversity: z.number(),
  effectiveChoices: z.number(),
  ...TaskMeasures.partial().shape,
  /** KL divergence from base in nats over listed and other answers. Null if infinite. Missing without base. */
  klToBase: z.number().nullable().optional(),
  /** Expected calibration error against a fair draw of the listed answers. Only for the character task. */
  calibrationError: z.number().optional(),
  categories: z.record(z.string(), CategoryScore),
  prompts: z.array(PromptScore)
})
export type Score = z.infer<typeof Score>

export const Interval = z.tuple([z.number(), z.number()])
export type Interval = z.infer<typeof Interval>

const ScoreIntervals = z.object({ validity: Interval, diversity: Interval })

/** Stability of the selection, from a bootstrap over prompts that is stratified by category. */
export const Bootstrap = z.object({
  resamples: z.number().int().positive(),
  seed: z.number().int(),
  confidence: z.number(),
  /** Share of the resamples that each range won, highest first. Ranges that never won are omitted. */
  wins: z.array(z.object({ start: z.number().int(), end: z.number().int(), share: z.number() })),
  /** Share of the resamples in which no range qualified. */
  noSelectionShare: z.number(),
  post: ScoreIntervals,
  selected: ScoreIntervals.extend({ diversityGain: Interval }).nullable(),
  /**
   * Scores on the prompts that each resample left out, of its selected range or post, with their middle 95 %. Null
   * for too few prompts, and in old sweeps.
   */
  outOfBag: z
    .object({
      /** Number of resamples in which every category left some prompts out. */
      resamples: z.number().int().positive(),
      validity: z.number(),
      diversity: z.number(),
      diversityGain: z.number(),
      interval: Interval
    })
    .nullable()
    .default(null)
})
export type Bootstrap = z.infer<typeof Bootstrap>

const HeldOutScores = CategoryScore.extend({ postValidity: z.number(), postDiversity: z.number() })

const Fold = z.object({
  /** Range selected on the other half. Null if none qualified there, in which case post is scored. */
  selected: RestorationRange.nullable(),
  ...HeldOutScores.shape
})

/** Scores without selection bias. A range is selected on half of each category's prompts and scored on the rest. */
export const CrossFit = z.object({ folds: z.tuple([Fold, Fold]), ...HeldOutScores.shape })
export type CrossFit = z.infer<typeof CrossFit>

/** A mean difference over prompts in which categories weigh the same, tested by flipping its signs. */
export const Difference = z.object({
  mean: z.number(),
  /** 95 % interval: all differences that the test at 5 % does not reject. Null below six prompts. */
  interval: Interval.nullable(),
  /** Two-sided p-value. */
  pValue: z.number()
})
export type Difference = z.infer<typeof Difference>

const TemperedScore = MinPDraw.extend({
  validity: z.number(),
  diversity: z.number(),
  effectiveChoices: z.number(),
  /** Present if a task scores, as in the score of a range. */
  distinctRight: z.number().optional()
})
type TemperedScore = z.infer<typeof TemperedScore>

/** The two halves of a decoder layer, which a recipe can restore separately. */
export const ScoredHalf = z.enum(['attention', 'mlp'])
export type ScoredHalf = z.infer<typeof ScoredHalf>

const AnswerComparison = z.object({
  validity: z.number(),
  diversity: z.number(),
  /** Minimum validity of full answers: rho times post's, on all prompts of the check. */
  minimumValidity: z.number(),
  difference: z.object({ validity: Difference, diversity: Difference })
})

/** A baseline that the selected range is compared with: the best of its kind by the selection rule. */
export const BaselineComparison = z.object({
  baseline: z.discriminatedUnion('kind', [
    ...Baseline.options,
    MinPDraw.extend({ kind: z.literal('tempered'), range: RestorationRange }),
    /** A control range of the selected length: the first of all, the last, or the middle one. */
    z.object({
      kind: z.literal('control'),
      place: z.enum(['earliest', 'median', 'latest']),
      range: RestorationRange
    }),
    /** The selected range with only this half of its layers restored. */
    z.object({ kind: z.literal('half'), half: ScoredHalf, range: RestorationRange }),
    OtherCheckpoint.extend({ kind: z.literal('checkpoint') })
  ]),
  validity: z.number(),
  diversity: z.number(),
  difference: z.object({ validity: Difference, diversity: Difference }),
  promptCount: z.number().int(),
  answers: AnswerComparison.nullable().default(null)
})
export type BaselineComparison = z.infer<typeof BaselineComparison>

/** Reports whether the selected range is compared with a baseline, and not with a range, a half or a checkpoint. */
export const isBaseline = (compared: BaselineComparison['baseline']): compared is Baseline =>
  BASELINE_KINDS.some((kind) => kind === compared.kind)

/** Ascending indices of prompts: `selection` decides the range, and `holdOut` scores it. */
export const HoldOutSplit = z.object({
  seed: z.number().int(),
  selection: z.array(z.number().int().nonnegative()).min(1),
  holdOut: z.array(z.number().int().nonnegative()).min(1)
})
export type HoldOutSplit = z.infer<typeof HoldOutSplit>

/** Scores of the selected range on prompts that took no part in the selection. */
export const HoldOutResult = z.object({
  selectionPromptCount: z.number().int(),
  holdOutPromptCount: z.number().int(),
  post: CategoryScore,
  selected: CategoryScore,
  gain: z.object({ validity: Difference, diversity: Difference })
})
export type HoldOutResult = z.infer<typeof HoldOutResult>

/** A family of candidates, scored out of bag: picked on resampled prompts and scored on the prompts left out. */
export const FamilyScore = z.object({
  family: z.enum(['range', ...BASELINE_KINDS]),
  /** Number of candidates of which each resample picked one. */
  candidateCount: z.number().int().positive(),
  /** Null if there are too few prompts to leave any out. */
  outOfBag: z
    .object({
      validity: z.number(),
      diversity: z.number(),
      /** Diversity minus diversity of the best range: mean, and middle 95 % of the resamples. */
      difference: z.object({ mean: z.number(), interval: Interval })
    })
    .nullable()
})
export type FamilyScore = z.infer<typeof FamilyScore>

/** The range that a sweep selects, the certainty of the choice, and comparisons with baselines. */
export const Selection = z.object({
  /** Share of post's validity that a selected range must keep. */
  rho: z.number(),
  minimumValidity: z.number(),
  selected: RestorationRange.nullable(),
  /** Reason why no range is selected; null if one is. */
  reason: z.string().nullable(),
  bootstrap: Bootstrap,
  crossFit: CrossFit.nullable(),
  crossFitReason: z.string().nullable(),
  baselines: z.array(BaselineComparison).default([]),
  /** Out-of-bag scores of ranges and of each family of baselines. Empty in old sweeps. */
  families: z.array(FamilyScore).default([]),
  /** Number of candidates that each family picked from. Null for all that it has. */
  budget: z.number().int().positive().nullable().default(null),
  /** Scores of the selected range under each of the sweep's other samplers. Empty if the sweep has none. */
  tempered: z.array(TemperedScore).default([]),
  /** Null if all prompts decided the selection, or none was selected. `baselines` then describe hold-out prompts. */
  holdOut: HoldOutResult.nullable().default(null)
})
export type Selection = z.infer<typeof Selection>

export const RangeScore = Score.extend({ start: z.number().int(), end: z.number().int() })
export type RangeScore = z.infer<typeof RangeScore>

export const RecipeScore = Score.extend({
  recipe: Recipe,
  /** Present on a recipe that was scored after a range was selected, and restores only this half of its layers. */
  alone: ScoredHalf.optional()
})
export type RecipeScore = z.infer<typeof RecipeScore>

/** Score of a uniform blend or a depth ramp. Embeddings, norm and head stay post's. */
export const UniformBlendScore = Score.extend(Blend.shape)
export type UniformBlendScore = z.infer<typeof UniformBlendScore>

export const CheckpointScore = Score.extend(OtherCheckpoint.shape)
export type CheckpointScore = z.infer<typeof CheckpointScore>

export const BaselineScore = Score.extend({ baseline: SamplingBaseline })
export type BaselineScore = z.infer<typeof BaselineScore>

/** Score of base after a few-shot prompt. Its prompts differ from the sweep's, so its work is counted separately. */
export const FewShotScore = Score.extend({ format: FewShotPrompt, work: WorkCounts })
export type FewShotScore = z.infer<typeof FewShotScore>

/** Fields of a model that a preview scored on some prompts, with its estimated mean over all. */
const previewed = {
  /** Half the widths of the 95 % intervals around validity and diversity. */
  margins: CategoryScore
}

/** Models that a preview scored on few prompts only, with estimates. The sweep's own lists hold exact scores. */
export const SweepPreview = z.object({
  /** Indices of the prompts on which every model is scored, ascending. */
  prompts: z.array(z.number().int().nonnegative()).min(1),
  ranges: z.array(RangeScore.extend(previewed)),
  uniformBlends: z.array(UniformBlendScore.extend(previewed)),
  /** Share of post's validity for which the exact ranges were picked. */
  rho: z.number().min(0).max(1),
  /** Rows computed so far, and rows of the full sweep. A row is a block evaluation of a distinct prompt prefix. */
  rows: z.number(),
  wholeRows: z.number()
})
export type SweepPreview = z.infer<typeof SweepPreview>

/** Version 1 supported only the character task. Version 3 renamed fields. Version 4 has no chances. */
export const SWEEP_VERSION = 4

/** A sweep: the scores of all its models on the same prompts, and the selected range. */
export const SweepDocument = z.object({
  schemaVersion: z.literal(SWEEP_VERSION),
  id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  createdAt: z.iso.datetime(),
  /** Version of the program that computed the sweep. Empty in old sweeps. */
  programVersion: z.string().max(100).default(''),
  ...ComputedBy.shape,
  /** Source that ranges, blends of all layers and halves of the selected range are restored to. Null means base. */
  source: RestoredTo.default(null),
  rendering: Rendering,
  scoredBy: ScoredBy,
  /** Other samplers under which every score is known. Empty if none were requested. */
  whatIf: z.array(MinPDraw).default([]),
  prompts: z.array(SweptPrompt),
  holdOutSplit: HoldOutSplit.nullable().default(null),
  /** Score of base as a complete model. Null with a reason in `baseUnavailable` if base cannot be compared. */
  base: Score.nullable(),
  baseUnavailable: z.string().nullable(),
  /** Missing in old sweeps, and with a notice if base cannot be scored. */
  fewShot: FewShotScore.optional(),
  /** Remarks for the reader, such as a missing chat template or characters that no token can add. */
  notices: z.array(z.string()),
  post: Score,
  ranges: z.array(RangeScore),
  recipes: z.array(RecipeScore),
  /** Other checkpoints of the pair's architecture that the sweep could compare. */
  checkpoints: z.array(CheckpointScore).default([]),
  /** Uniform blends (the paper's "soup") and depth ramps. Empty if none were requested. */
  uniformBlends: z.array(UniformBlendScore).default([]),
  /** Baselines computed from the logits of post and base. Empty if none were requested. */
  baselines: z.array(BaselineScore).default([]),
  preview: SweepPreview.nullable().default(null),
  selected: RestorationRange.nullable(),
  selection: Selection.nullable(),
  work: WorkCounts,
  /** Work for comparisons after the selection; null if there was none. */
  followUp: WorkCounts.nullable().default(null),
  /** Number of prompts whose results came from another sweep. `work` and `seconds` exclude them. */
  reusedPromptCount: z.number().int().nonnegative().default(0),
  /** Missing if nothing was computed, and in sweeps older than memory plans. */
  memory: SweepMemory.optional()
})
export type SweepDocument = z.infer<typeof SweepDocument>
