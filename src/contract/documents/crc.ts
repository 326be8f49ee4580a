import { z } from 'zod'
import { OtherCheckpoint, RestoredTo } from '../model/checkpoint'
import { Recipe, RestorationRange } from '../model/recipe'
import { Rival } from '../model/rival'
import { MinPDraw } from '../model/sampling'
import { ComputedBy } from './computed-by'
import { ScoredBy } from './scored-by'
import { SweepMemory, Work } from './sweep-work'

/** More prompts than any proxy task needs; bounds what a hostile file can make us hold. */
const MAX_PROMPTS = 10_000

const oneCharacter = z
  .string()
  .refine((text) => [...text].length === 1, 'each valid answer must be exactly one character')

/** One prompt of the Constrained Random Character task. */
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

/** A prompt set as it is imported and exported: a JSON list. */
export const CrcPrompts = z.array(CrcPrompt).min(1, 'a prompt set needs at least one prompt').max(MAX_PROMPTS)
export type CrcPrompts = z.infer<typeof CrcPrompts>

/** How prompts become tokens: part of the result, so it is stored with every sweep. */
export const Rendering = z
  .object({
    /** The system turn; empty for none. Families whose template has no system turn refuse one. */
    systemPrompt: z.string().max(100_000),
    /** Extra variables of the chat template, such as `enable_thinking: false`. */
    templateArguments: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    /** The date templates see instead of today's, YYYY-MM-DD, so that prompts do not change overnight. */
    date: z.iso.date(),
    /** Text put after the template's assistant header, such as "Answer: ". */
    assistantPrefix: z.string().max(10_000),
    /** Also count tokens that add white space and then the character. */
    countLeadingSpace: z.boolean()
  })
  .strict()
export type Rendering = z.infer<typeof Rendering>

export const DEFAULT_RENDERING: Rendering = {
  systemPrompt: '',
  templateArguments: {},
  date: '2026-01-01',
  assistantPrefix: '',
  countLeadingSpace: false
}

/** A prompt with what the model really saw. */
export const RenderedPrompt = CrcPrompt.extend({
  rendered: z.string(),
  tokens: z.array(z.number().int().nonnegative()).min(1),
  /** Valid characters that no single token can add here; they count in |V| and can never be drawn. */
  unreachable: z.array(z.string())
})
export type RenderedPrompt = z.infer<typeof RenderedPrompt>

/** A prompt of a sweep. */
export const SweptPrompt = RenderedPrompt.extend({
  /** Right answers: characters, or of a task the first name of each. */
  valid: z.array(z.string().min(1)).min(1).max(10_000),
  /** A hash of the tokens and of the answer tokens looked for: prompts of one key are one computation. Empty in old sweeps. */
  key: z.string().max(100).default('')
})
export type SweptPrompt = z.infer<typeof SweptPrompt>

export const CategoryScore = z.object({ validity: z.number(), diversity: z.number() })
export type CategoryScore = z.infer<typeof CategoryScore>

/**
 * What a model's answers to a question with listed answers are worth, exactly: P(a) is the probability that answer `a` is
 * given, in one of its written forms and to its end.
 */
const TaskMeasures = z.object({
  /** Sum of P over the right answers. */
  precision: z.number(),
  /** How many different right answers are expected in so many draws as the sweep says: the sum of 1 - (1 - P)^n. */
  distinctRight: z.number(),
  /** Its share of all right answers. */
  coverage: z.number(),
  /** exp of the entropy of P over its sum. */
  effectiveAnswers: z.number(),
  /** Probability of what begins with a listed answer and goes on in a way that is not listed: right, or wrong. */
  continued: z.number()
})
export type TaskMeasures = z.infer<typeof TaskMeasures>

export const PromptScore = z.object({
  validity: z.number(),
  diversity: z.number(),
  effectiveChoices: z.number(),
  /** Of each right answer, a character or one that a task lists, in the prompt's order; sums to the validity. */
  probabilities: z.array(z.number()),
  /**
   * Under each of the sweep's `whatIf` samplers, little-endian float32 in base64: of the character task validity and diversity, of a
   * task the probability of each right answer, and last that one is begun.
   */
  whatIf: z.base64().optional(),
  ...TaskMeasures.partial().shape
})
export type PromptScore = z.infer<typeof PromptScore>

/**
 * Score of one model: means over the prompts of a category, then over categories. Scored by a task, its validity is the precision, its
 * diversity the coverage, and its effective choices are effective answers.
 */
export const Score = z.object({
  validity: z.number(),
  diversity: z.number(),
  effectiveChoices: z.number(),
  ...TaskMeasures.partial().shape,
  categories: z.record(z.string(), CategoryScore),
  /** In the order of the prompts. */
  prompts: z.array(PromptScore)
})
export type Score = z.infer<typeof Score>

/** A percentile interval [low, high]. */
export const Interval = z.tuple([z.number(), z.number()])
export type Interval = z.infer<typeof Interval>

const ScoreIntervals = z.object({ validity: Interval, diversity: Interval })

/** Bootstrap over prompts, stratified by category: how sure the selection is. */
export const Bootstrap = z.object({
  resamples: z.number().int().positive(),
  seed: z.number().int(),
  /** Coverage of the intervals, 0.95 for 95 %. */
  confidence: z.number(),
  /** How often each range won, most often first; ranges that never won are left out. */
  wins: z.array(z.object({ start: z.number().int(), end: z.number().int(), share: z.number() })),
  /** Share of the resamples in which no range qualified. */
  noSelectionShare: z.number(),
  post: ScoreIntervals,
  /** Of the selected range, and of its gain in diversity over post; null without a selection. */
  selected: ScoreIntervals.extend({ diversityGain: Interval }).nullable(),
  /**
   * What was picked in a resample, or post where nothing was, on the prompts that it left out, about 37 of 100: means over
   * resamples, and their middle 95 %. Null where prompts are too few to leave any out, and in old sweeps.
   */
  outOfBag: z
    .object({
      /** In which every category left some prompts out. */
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

/** Of what was selected on the other half of the prompts, and of post on the same ones. */
const HeldOutScores = CategoryScore.extend({ postValidity: z.number(), postDiversity: z.number() })

const Fold = z.object({
  /** The range selected on the other half; null when none qualified there, and then post is scored. */
  selected: RestorationRange.nullable(),
  ...HeldOutScores.shape
})

/** Select on one half of each category, score on the other, both ways: free of the pick-of-many bias. */
export const CrossFit = z.object({ folds: z.tuple([Fold, Fold]), ...HeldOutScores.shape })
export type CrossFit = z.infer<typeof CrossFit>

/** A mean difference over prompts, categories weighing the same, by flipping the signs of the prompts' differences. */
export const Difference = z.object({
  mean: z.number(),
  /** Of all differences that the test at 5 % does not reject (95 %); null below six prompts, where it rejects none. */
  interval: Interval.nullable(),
  /** Two-sided. */
  pValue: z.number()
})
export type Difference = z.infer<typeof Difference>

/** What the rule of the selection takes of rivals of one kind, or of blends. */
export const TakenRival = z.discriminatedUnion('kind', [
  ...Rival.options,
  z.object({ kind: z.literal('blend'), strength: z.number() })
])
export type TakenRival = z.infer<typeof TakenRival>

/** The selected range under another sampler than the sweep's. */
const TemperedScore = MinPDraw.extend({
  validity: z.number(),
  diversity: z.number(),
  effectiveChoices: z.number(),
  /** Where a task scores, as of a range. */
  distinctRight: z.number().optional()
})
type TemperedScore = z.infer<typeof TemperedScore>

/** The halves of a decoder layer, each of which a recipe can restore alone. */
export const LayerHalf = z.enum(['attention', 'mlp'])
export type LayerHalf = z.infer<typeof LayerHalf>

/** A baseline against the selected range on full answers, over the same prompts as on first tokens. */
const AnswerComparison = z.object({
  validity: z.number(),
  diversity: z.number(),
  /** The least validity of full answers: rho times that of post, on all prompts of the check. */
  minimumValidity: z.number(),
  /** The baseline minus the selected range. */
  difference: z.object({ validity: Difference, diversity: Difference })
})

/** What the selected range is compared with: of each kind the one that the rule of the selection takes. */
export const RivalComparison = z.object({
  rival: z.discriminatedUnion('kind', [
    ...TakenRival.options,
    /** The selected range itself, under another sampler. */
    MinPDraw.extend({ kind: z.literal('tempered'), range: RestorationRange }),
    /** A range of the selected length: the first or the last of all, or the middle one. */
    z.object({
      kind: z.literal('control'),
      place: z.enum(['earliest', 'median', 'latest']),
      range: RestorationRange
    }),
    /** Only this half of the selected range's layers restored. */
    z.object({ kind: z.literal('half'), half: LayerHalf, range: RestorationRange })
  ]),
  validity: z.number(),
  diversity: z.number(),
  /** Its score minus that of the selected range, over `promptCount` prompts. */
  difference: z.object({ validity: Difference, diversity: Difference }),
  promptCount: z.number().int(),
  /** Null unless both were checked on full answers, prompt by prompt. */
  answers: AnswerComparison.nullable().default(null)
})
export type RivalComparison = z.infer<typeof RivalComparison>

/** Prompts of which one half decides what is selected, and the other says what that is worth; indices ascend. */
export const Halves = z.object({
  seed: z.number().int(),
  choose: z.array(z.number().int().nonnegative()).min(1),
  report: z.array(z.number().int().nonnegative()).min(1)
})
export type Halves = z.infer<typeof Halves>

/** What was selected on one half of the prompts, on the other. */
export const Reported = z.object({
  chosenOn: z.number().int(),
  reportedOn: z.number().int(),
  post: CategoryScore,
  selected: CategoryScore,
  /** The selected range's score minus post's, over the prompts reported on. */
  gain: z.object({ validity: Difference, diversity: Difference })
})
export type Reported = z.infer<typeof Reported>

export const Selection = z.object({
  rho: z.number(),
  /** rho x Q(post). */
  minimumValidity: z.number(),
  selected: RestorationRange.nullable(),
  /** Why nothing was selected. */
  reason: z.string().nullable(),
  bootstrap: Bootstrap,
  crossFit: CrossFit.nullable(),
  /** Why there is no cross-fitted score. */
  crossFitReason: z.string().nullable(),
  /** Empty where no range was selected. */
  rivals: z.array(RivalComparison).default([]),
  /** The selected range under each of the sweep's other samplers; empty where those were not asked about. */
  tempered: z.array(TemperedScore).default([]),
  /** Null where all prompts decided, or nothing was selected. All else is then of all prompts; otherwise `rivals` are of the reporting half. */
  reported: Reported.nullable().default(null)
})
export type Selection = z.infer<typeof Selection>

export const RangeScore = Score.extend({ start: z.number().int(), end: z.number().int() })
export type RangeScore = z.infer<typeof RangeScore>

export const RecipeScore = Score.extend({
  recipe: Recipe,
  /** Where nobody asked for the recipe: it was scored once a range was selected, and restores this half of its layers alone. */
  alone: LayerHalf.optional()
})
export type RecipeScore = z.infer<typeof RecipeScore>

/** A model in which every layer takes the same share of base; embeddings, norm and head stay post's. */
export const BlendScore = Score.extend({ strength: z.number().min(0).max(1) })
export type BlendScore = z.infer<typeof BlendScore>

export const CheckpointScore = Score.extend(OtherCheckpoint.shape)
export type CheckpointScore = z.infer<typeof CheckpointScore>

export const RivalScore = Score.extend({ rival: Rival })
export type RivalScore = z.infer<typeof RivalScore>

/** What a preview thinks of the mean over all prompts of a model that it has scored on some of them. */
const previewed = {
  /** Half the widths of 95 % intervals around validity and diversity. */
  margins: CategoryScore
}

/**
 * A sweep that has scored all ranges and blends on few prompts, and on all prompts those that might be selected. Those are in the
 * sweep's own lists; validity and diversity of the others, here, are estimates, and their `prompts` are of these prompts alone.
 */
export const SweepPreview = z.object({
  /** Indices of the prompts that all are scored on, ascending. */
  prompts: z.array(z.number().int().nonnegative()).min(1),
  ranges: z.array(RangeScore.extend(previewed)),
  soup: z.array(BlendScore.extend(previewed)),
  /** How likely it is that a sweep of all ranges on all prompts would select another range. */
  elsewhere: z.number().min(0).max(1),
  /** The likeliest of those; null where there is none. */
  likeliest: RestorationRange.extend({ chance: z.number().min(0).max(1) }).nullable(),
  /** How many ranges here might be selected, by a chance of one in a thousand or more. */
  open: z.number().int().nonnegative(),
  /** The share of post's validity that was to be kept when it was decided what to score. */
  rho: z.number().min(0).max(1),
  /** Rows pushed through a block, and how many the whole sweep would: evaluations times distinct prompt prefixes. */
  rows: z.number(),
  wholeRows: z.number()
})
export type SweepPreview = z.infer<typeof SweepPreview>

/** Version 1 knew the character task alone. */
export const SWEEP_VERSION = 2

export const SweepDocument = z.object({
  schemaVersion: z.literal(SWEEP_VERSION),
  id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  createdAt: z.iso.datetime(),
  /** Which program computed it; empty in old sweeps. */
  programVersion: z.string().max(100).default(''),
  ...ComputedBy.shape,
  /** What ranges, blends of all layers and halves of the selected range are restored to; null: base. */
  source: RestoredTo.default(null),
  rendering: Rendering,
  scoredBy: ScoredBy,
  /** Other samplers under which every score is known too; empty where they were not asked for. */
  whatIf: z.array(MinPDraw).default([]),
  prompts: z.array(SweptPrompt),
  /** Null where all prompts decide what is selected. */
  halves: Halves.nullable().default(null),
  /** Base as a whole model; null when it cannot be compared, with the reason. */
  base: Score.nullable(),
  baseUnavailable: z.string().nullable(),
  /** Remarks for the reader, such as a missing chat template or characters that no token can add. */
  notices: z.array(z.string()),
  post: Score,
  ranges: z.array(RangeScore),
  recipes: z.array(RecipeScore),
  /** Other checkpoints of the pair's architecture that could be compared. */
  checkpoints: z.array(CheckpointScore).default([]),
  /** The paper's "soup": one strength for all layers, from 0 (post) to 1 (every layer base's); empty when not asked for. */
  soup: z.array(BlendScore).default([]),
  /** Other ways to diversity, from the logits of post and base that a sweep has anyway; empty where none were asked for. */
  rivals: z.array(RivalScore).default([]),
  /** Null where everything above is of all that was asked for. */
  preview: SweepPreview.nullable().default(null),
  selected: RestorationRange.nullable(),
  selection: Selection.nullable(),
  work: Work,
  /** The same for what was scored once a range was selected; null where nothing was. */
  followUp: Work.nullable().default(null),
  /** Prompts whose results were taken from an interrupted or an earlier sweep; `work` and `seconds` leave them out. */
  reusedPromptCount: z.number().int().nonnegative().default(0),
  /** Missing when nothing was computed, or in sweeps from before there was a plan. */
  memory: SweepMemory.optional()
})
export type SweepDocument = z.infer<typeof SweepDocument>
