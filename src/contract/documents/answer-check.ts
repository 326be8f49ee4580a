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

/** Exact scores of a model's full answers: one valid character, then the end, at temperature 1 without truncation. */
export const FullAnswerScores = z.object({
  firstToken: AnswerScore,
  /** Mean probability of exactly one valid character with optional white space, and mean entropy / log |V|. */
  answers: AnswerScore,
  /** Probability of answers that were not followed to their end, a bound on how much too low the validity is. */
  undecided: Share,
  /** Full-answer scores for each of the sweep's prompts, used for intervals. Older checks lack this field. */
  prompts: z.array(AnswerScore).optional()
})
export type FullAnswerScores = z.infer<typeof FullAnswerScores>

export const CheckedModel = FullAnswerScores.extend({ recipe: Recipe })
export type CheckedModel = z.infer<typeof CheckedModel>

export const CheckedBaseline = FullAnswerScores.extend({ baseline: Baseline })
export type CheckedBaseline = z.infer<typeof CheckedBaseline>

/** Version 1 had no baselines. Version 3 renamed fields. */
export const ANSWER_CHECK_VERSION = 3

/** The full-answer check of a sweep: scores of the complete answers of post and of checked models. */
export const AnswerCheck = z.object({
  schemaVersion: z.literal(ANSWER_CHECK_VERSION),
  sweepId: SweepDocument.shape.id,
  createdAt: z.iso.datetime(),
  programVersion: z.string().max(100),
  ...ComputedBy.shape,
  source: SweepDocument.shape.source,
  endTokens: z.array(z.number().int().nonnegative()),
  /** Categories of the sweep's prompts. Older checks lack this field. */
  categories: z.array(z.string()).optional(),
  post: FullAnswerScores,
  models: z.array(CheckedModel),
  baselines: z.array(CheckedBaseline),
  /** Base after a few-shot prompt. Missing in older checks, and if the sweep has no score of it. */
  fewShot: FullAnswerScores.optional()
})
export type AnswerCheck = z.infer<typeof AnswerCheck>

/** Number of ranges that one check contains by default. */
export const CHECKED_AT_ONCE = 5

/** Number of baselines of each kind that one check contains. */
export const BASELINES_AT_ONCE = 2

/** Progress of a check in rows of hidden states. The total grows when the step that follows white space begins. */
export const CheckProgress = z.object({
  rowsDone: z.number(),
  rowsTotal: z.number(),
  rowsPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable()
})
export type CheckProgress = z.infer<typeof CheckProgress>

export const CheckEvent = sweepJobEvent(CheckProgress)
export type CheckEvent = z.infer<typeof CheckEvent>

/** Fields of a check that decide which models pass. */
export type CheckResult = Pick<
  AnswerCheck,
  'layerCount' | 'source' | 'categories' | 'post' | 'models' | 'baselines' | 'fewShot'
>

/** Returns the minimum validity of full answers: rho times the validity of post's full answers. */
export const answerLimit = (check: Pick<AnswerCheck, 'post'>, rho: number): number => rho * check.post.answers.validity

/** Reports whether a model's full answers reach the minimum validity and are more diverse than post's. */
export function passesCheck(
  model: Pick<FullAnswerScores, 'answers'>,
  check: Pick<AnswerCheck, 'post'>,
  rho: number
): boolean {
  return model.answers.validity >= answerLimit(check, rho) && model.answers.diversity > check.post.answers.diversity
}

/** Caches the scores of each check by the keys of its models, because thousands of ranges may be looked up. */
const scoresOfChecks = new WeakMap<CheckResult, ReadonlyMap<string, FullAnswerScores>>()

function scoresByKey(check: CheckResult): ReadonlyMap<string, FullAnswerScores> {
  const stored = scoresOfChecks.get(check)
  if (stored !== undefined) return stored
  const index = new Map<string, FullAnswerScores>()
  const add = (model: AnyModel, scores: FullAnswerScores): void => {
    const key = weightsKey(model)
    if (!index.has(key)) index.set(key, scores)
  }
  for (const checked of check.models) add({ kind: 'recipe', recipe: checked.recipe }, checked)
  if (check.fewShot !== undefined) add({ kind: 'few-shot' }, check.fewShot)
  for (const checked of check.baselines) add(baselineModel(checked.baseline, check), checked)
  scoresOfChecks.set(check, index)
  return index
}

/** Returns the full-answer scores of a model, regardless of its name; null if it was not checked. */
export const checkOf = (check: CheckResult | null, model: AnyModel): FullAnswerScores | null =>
  check === null ? null : (scoresByKey(check).get(weightsKey(model)) ?? null)

export const checkOfRange = (check: CheckResult | null, range: RestorationRange): FullAnswerScores | null =>
  check === null ? null : checkOf(check, sweptRangeModel(range, check))

export const checkOfBaseline = (check: CheckResult | null, baseline: Baseline): FullAnswerScores | null =>
  check === null ? null : checkOf(check, baselineModel(baseline, check))

/** Reports whether a range of the sweep passes the check; null if the range was not checked. */
export function rangePasses(check: CheckResult | null, range: RestorationRange, rho: number): boolean | null {
  const checked = checkOfRange(check, range)
  return check === null || checked === null ? null : passesCheck(checked, check, rho)
}

/** Returns the ranges that a check rejects: those that fail while another range passes. */
export function rejectedRanges<Range extends RestorationRange>(
  ranges: readonly Range[],
  check: CheckResult | null,
  rho: number
): Range[] {
  if (check === null) return []
  const outcomes = ranges.map((range) => rangePasses(check, range, rho))
  return outcomes.includes(true) ? ranges.filter((_, index) => outcomes[index] === false) : []
}
