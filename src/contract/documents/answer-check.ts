import { z } from 'zod'
import { CategoryScore, SweepDocument, TakenRival } from './crc'
import { ComputedBy } from './computed-by'
import { type AnyModel, sweptRangeModel, weightsKey } from '../model/model'
import { Recipe, type RestorationRange } from '../model/recipe'
import { ofSweepEvent } from './job-ending'
import { baselineModel } from './swept-model'

/**
 * What a model's whole answers to the prompts of a sweep are worth. Exact: the probability that an answer is one valid
 * character and then ends, at temperature 1 with nothing cut off, is a sum over the few token sequences that are such
 * answers.
 */
export const WholeAnswers = z.object({
  /** Scores of the first token alone, as a sweep has them. */
  firstToken: CategoryScore,
  /**
   * Validity is the probability that the answer is exactly one valid character, white space after it aside, and ends;
   * diversity the entropy of such answers over log |V|. Means as for every score.
   */
  answers: CategoryScore,
  /** Probability of answers of which it was not followed up whether they end; at most by so much is the validity too low. */
  undecided: z.number(),
  /** The whole answers of each of the sweep's prompts, for intervals; absent in checks of before. */
  prompts: z.array(CategoryScore).optional()
})
export type WholeAnswers = z.infer<typeof WholeAnswers>

export const CheckedModel = WholeAnswers.extend({ recipe: Recipe })
export type CheckedModel = z.infer<typeof CheckedModel>

/** A sampler, a mix, a filter or a uniform blend, checked like a range. */
export const CheckedBaseline = WholeAnswers.extend({ baseline: TakenRival })
export type CheckedBaseline = z.infer<typeof CheckedBaseline>

/** Version 1 had no baselines. */
export const ANSWER_CHECK_VERSION = 2

/** The full-answer check of a sweep: its best recipes and baselines. A project keeps one for each sweep. */
export const AnswerCheck = z.object({
  schemaVersion: z.literal(ANSWER_CHECK_VERSION),
  sweepId: SweepDocument.shape.id,
  createdAt: z.iso.datetime(),
  programVersion: z.string().max(100),
  ...ComputedBy.shape,
  /** The sweep's. */
  source: SweepDocument.shape.source,
  /** The tokens that end an answer. */
  endTokens: z.array(z.number().int().nonnegative()),
  /** Of the sweep's prompts; absent in checks of before. */
  categories: z.array(z.string()).optional(),
  post: WholeAnswers,
  /** In the order they were checked in: of a sweep's ranges, the most diverse first. */
  models: z.array(CheckedModel),
  /** The best baselines of each kind, by first tokens. */
  baselines: z.array(CheckedBaseline)
})
export type AnswerCheck = z.infer<typeof AnswerCheck>

/** So many of a sweep's best ranges are checked at once. */
export const CHECKED_AT_ONCE = 5

/** One check adds at most so many baselines of a kind. */
export const BASELINES_AT_ONCE = 2

/** Rows of hidden states pushed through blocks, of those that the step at hand needs: answers first, white space behind them then. */
export const CheckProgress = z.object({
  rowsDone: z.number(),
  rowsTotal: z.number(),
  rowsPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable()
})
export type CheckProgress = z.infer<typeof CheckProgress>

/** What a watcher of a check sees. After `finished`, `failed` or `cancelled` the stream ends. */
export const CheckEvent = ofSweepEvent(CheckProgress)
export type CheckEvent = z.infer<typeof CheckEvent>

/** Fields of a check that decide which models pass. */
export type CheckResult = Pick<
  AnswerCheck,
  'layerCount' | 'source' | 'categories' | 'post' | 'models' | 'baselines'
>

/** The least validity of whole answers: rho x that of post's whole answers. */
export const answerLimit = (check: Pick<AnswerCheck, 'post'>, rho: number): number =>
  rho * check.post.answers.validity

/** Whether a model's whole answers keep the validity and are more diverse than post's. */
export function passesCheck(
  model: Pick<WholeAnswers, 'answers'>,
  check: Pick<AnswerCheck, 'post'>,
  rho: number
): boolean {
  return (
    model.answers.validity >= answerLimit(check, rho) &&
    model.answers.diversity > check.post.answers.diversity
  )
}

/** Returns the full answers of a model, under whatever name it was checked; null when it was not. */
export function checkOf(check: CheckResult | null, model: AnyModel): WholeAnswers | null {
  if (check === null) return null
  const wanted = weightsKey(model)
  const recipe = check.models.find(
    (checked) => weightsKey({ kind: 'recipe', recipe: checked.recipe }) === wanted
  )
  return (
    recipe ??
    check.baselines.find(({ baseline }) => weightsKey(baselineModel(baseline, check)) === wanted) ??
    null
  )
}

/** The check of a range of the sweep; null when it was not checked. */
export const checkOfRange = (check: CheckResult | null, range: RestorationRange): WholeAnswers | null =>
  check === null ? null : checkOf(check, sweptRangeModel(range, check))

/** Returns the full answers of a baseline; null when it was not checked. */
export const checkOfBaseline = (check: CheckResult | null, baseline: TakenRival): WholeAnswers | null =>
  check === null ? null : checkOf(check, baselineModel(baseline, check))

/** Whether a range of the sweep passes; null when it was not checked. */
export function rangePasses(check: CheckResult | null, range: RestorationRange, rho: number): boolean | null {
  const checked = checkOfRange(check, range)
  return check === null || checked === null ? null : passesCheck(checked, check, rho)
}

/**
 * The ranges that a check has thrown out: those that fail it, as soon as another passes. Where none passes none is, so that the best
 * is shown with its failure.
 */
export function rejectedRanges<Range extends RestorationRange>(
  ranges: readonly Range[],
  check: CheckResult | null,
  rho: number
): Range[] {
  if (check === null) return []
  const outcomes = ranges.map((range) => rangePasses(check, range, rho))
  return outcomes.includes(true) ? ranges.filter((_, index) => outcomes[index] === false) : []
}
