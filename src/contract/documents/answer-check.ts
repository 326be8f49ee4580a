import { z } from 'zod'
import { SweepDocument } from './crc'
import { Baseline } from '../model/sampling-baseline'
import { ComputedBy } from './computed-by'
import { type AnyModel, sweptRangeModel, weightsKey } from '../model/model'
import { Recipe, type RestorationRange } from '../model/recipe'
import { sweepJobEvent } from './job-ending'
import { baselineModel } from './swept-model'

/** A share from 0 to 1. Sums of rounded numbers may exceed 1 by their error. */
const Share = z
  .number()
  .min(0)
  .max(1 + 1e-6)
const AnswerScore = z.object({ validity: Share, diversity: Share })

/**
 * Scores of a model's full answers to the prompts of a sweep. The probability that an answer is one valid character
 * and then ends is exact. It is taken at temperature 1 without truncation, as a sum over the few token sequences that
 * are such answers.
 */
export const FullAnswerScores = z.object({
  /** Scores of the first token only, as in a sweep. */
  firstToken: AnswerScore,
  /**
   * Means, computed as for every score. Validity is the probability that the answer ends and is exactly one valid
   * character, ignoring white space after it. Diversity is the entropy of these answers divided by log |V|.
   */
  answers: AnswerScore,
  /**
   * Probability of answers that were not followed to their end. It is an upper bound on how much too low the validity
   * is.
   */
  undecided: Share,
  /** Full-answer scores for each of the sweep's prompts, used for intervals. Older checks lack this field. */
  prompts: z.array(AnswerScore).optional()
})
export type FullAnswerScores = z.infer<typeof FullAnswerScores>

export const CheckedModel = FullAnswerScores.extend({ recipe: Recipe })
export type CheckedModel = z.infer<typeof CheckedModel>

/** Full-answer scores of a baseline: a sampler, a mix, a filter or a uniform blend. */
export const CheckedBaseline = FullAnswerScores.extend({ baseline: Baseline })
export type CheckedBaseline = z.infer<typeof CheckedBaseline>

/** Version 1 had no baselines. Version 3 renamed fields. */
export const ANSWER_CHECK_VERSION = 3

/** The full-answer check of a sweep: its best recipes and baselines. A project keeps one for each sweep. */
export const AnswerCheck = z.object({
  schemaVersion: z.literal(ANSWER_CHECK_VERSION),
  sweepId: SweepDocument.shape.id,
  createdAt: z.iso.datetime(),
  programVersion: z.string().max(100),
  ...ComputedBy.shape,
  /** The `source` of the checked sweep. */
  source: SweepDocument.shape.source,
  /** Tokens that end an answer. */
  endTokens: z.array(z.number().int().nonnegative()),
  /** Categories of the sweep's prompts. Older checks lack this field. */
  categories: z.array(z.string()).optional(),
  post: FullAnswerScores,
  /** Models in the order in which they were checked. A sweep's ranges are checked with the most diverse first. */
  models: z.array(CheckedModel),
  /** The best baselines of each kind by their first-token scores. */
  baselines: z.array(CheckedBaseline)
})
export type AnswerCheck = z.infer<typeof AnswerCheck>

/** Number of a sweep's best ranges that one check covers. */
export const CHECKED_AT_ONCE = 5

/** Maximum number of baselines of a kind that one check adds. */
export const BASELINES_AT_ONCE = 2

/**
 * Rows of hidden states pushed through blocks, and the rows that the current step needs. The first step computes
 * answers, and the second the white space after them.
 */
export const CheckProgress = z.object({
  rowsDone: z.number(),
  rowsTotal: z.number(),
  rowsPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable()
})
export type CheckProgress = z.infer<typeof CheckProgress>

/** Events of a running check. The stream ends after `finished`, `failed` or `cancelled`. */
export const CheckEvent = sweepJobEvent(CheckProgress)
export type CheckEvent = z.infer<typeof CheckEvent>

/** Fields of a check that decide which models pass. */
export type CheckResult = Pick<
  AnswerCheck,
  'layerCount' | 'source' | 'categories' | 'post' | 'models' | 'baselines'
>

/** Returns the minimum validity of full answers: rho times that of post's full answers. */
export const answerLimit = (check: Pick<AnswerCheck, 'post'>, rho: number): number =>
  rho * check.post.answers.validity

/** Reports whether a model's full answers reach the minimum validity and are more diverse than post's. */
export function passesCheck(
  model: Pick<FullAnswerScores, 'answers'>,
  check: Pick<AnswerCheck, 'post'>,
  rho: number
): boolean {
  return (
    model.answers.validity >= answerLimit(check, rho) &&
    model.answers.diversity > check.post.answers.diversity
  )
}

/** Scores of each check by the keys of its models, because a deep sweep asks for thousands of ranges. */
const indices = new WeakMap<CheckResult, ReadonlyMap<string, FullAnswerScores>>()

function scoresByKey(check: CheckResult): ReadonlyMap<string, FullAnswerScores> {
  const stored = indices.get(check)
  if (stored !== undefined) return stored
  const index = new Map<string, FullAnswerScores>()
  const add = (model: AnyModel, scores: FullAnswerScores): void => {
    const key = weightsKey(model)
    if (!index.has(key)) index.set(key, scores)
  }
  for (const checked of check.models) add({ kind: 'recipe', recipe: checked.recipe }, checked)
  for (const checked of check.baselines) add(baselineModel(checked.baseline, check), checked)
  indices.set(check, index)
  return index
}

/**
 * Returns the full-answer scores of a model, regardless of the name under which it was checked. Returns null if it was
 * not checked.
 */
export const checkOf = (check: CheckResult | null, model: AnyModel): FullAnswerScores | null =>
  check === null ? null : (scoresByKey(check).get(weightsKey(model)) ?? null)

/** Returns the full-answer scores of a range of the sweep, or null if it was not checked. */
export const checkOfRange = (check: CheckResult | null, range: RestorationRange): FullAnswerScores | null =>
  check === null ? null : checkOf(check, sweptRangeModel(range, check))

/** Returns the full-answer scores of a baseline, or null if it was not checked. */
export const checkOfBaseline = (check: CheckResult | null, baseline: Baseline): FullAnswerScores | null =>
  check === null ? null : checkOf(check, baselineModel(baseline, check))

/** Reports whether a range of the sweep passes the check. Returns null if it was not checked. */
export function rangePasses(check: CheckResult | null, range: RestorationRange, rho: number): boolean | null {
  const checked = checkOfRange(check, range)
  return check === null || checked === null ? null : passesCheck(checked, check, rho)
}

/**
 * Returns the ranges that a check rejects: those that fail while another range passes. If no range passes, none is
 * rejected, so that the best is shown together with its failure.
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
