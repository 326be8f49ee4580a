import { version } from '../../../../package.json'
import {
  ANSWER_CHECK_VERSION,
  type AnswerCheck,
  BASELINES_AT_ONCE,
  CHECKED_AT_ONCE,
  type CheckedBaseline,
  type CheckProgress,
  checkOf,
  checkOfBaseline,
  type FullAnswerScores,
  passesCheck
} from '../../../contract/documents/answer-check'
import type { CrcPrompts, SweepDocument } from '../../../contract/documents/crc'
import type { FewShotPrompt } from '../../../contract/model/few-shot'
import { type Baseline, BASELINE_KINDS, isBlend } from '../../../contract/model/sampling-baseline'
import { baselineModel, blendRecipe } from '../../../contract/documents/swept-model'
import { rangeName } from '../../../contract/words/format'
import { isSame } from '../../../contract/words/range-facts'
import { type Model, sweptRangeModel, weightsKey } from '../../../contract/model/model'
import type { SamplingBaseline } from '../../../contract/model/sampling-baseline'
import { inputError, WorkbenchError } from '../../../contract/model/problem'
import type { Recipe, RestorationRange } from '../../../contract/model/recipe'
import { recipeStrengths } from '../../../contract/model/strengths'
import { elementAt } from '../../../contract/model/look-up'
import { pairEndTokens } from '../../checkpoint/generation-config'
import { openPair } from '../../checkpoint/pair'
import type { PairMember } from '../../checkpoint/pair-member'
import type { EngineClient } from '../../engine/host'
import { recentTextModel } from '../../text/recent-text-models'
import type { TextModel } from '../../text/text-model'
import { bestRanges } from '../selection/best-ranges'
import { bestBaselines } from '../selection/compare-baselines'
import type { PairFolders } from '../sweep/score-recipes'
import { requireSameAsSwept } from '../sweep/same-as-swept'
import { type RenderedPrompts, renderPrompts } from '../task/render-prompts'
import { whiteSpaceTokens } from '../task/characters'
import { checkAnswers, type FullAnswersRequest } from './check-answers'

/** Models of a sweep whose full answers are checked. */
export interface CheckRequest {
  pair: PairFolders
  sweep: SweepDocument
  /** Check of the same sweep whose results are kept; null if there is none. */
  earlier: AnswerCheck | null
  recipes: readonly Recipe[]
  baselines: readonly Baseline[]
  /** Device and precision of the check; those of the sweep by default. */
  computedIn?: Pick<AnswerCheck, 'device' | 'precision'>
}

/**
 * Returns unchecked ranges in the order of their check. The most diverse range is first. Ranges that were selected on
 * half of the prompts follow, and then the next most diverse ranges.
 */
export function rangesToCheck(
  sweep: Pick<SweepDocument, 'post' | 'ranges' | 'layerCount' | 'source' | 'selection'>,
  earlier: AnswerCheck | null,
  rho: number,
  count = CHECKED_AT_ONCE
): Recipe[] {
  const { post, ranges, layerCount, source } = sweep
  const unseen = ranges.filter((range) => checkOf(earlier, sweptRangeModel(range, { layerCount, source })) === null)
  const [best, ...others] = bestRanges(
    unseen.filter(({ diversity }) => diversity > post.diversity),
    rho * post.validity,
    count
  )
  if (best === undefined) return []
  const picked = pickedByHalves(sweep, rho).flatMap((range) => unseen.filter((each) => isSame(each, range)))
  return [...new Set([best, ...picked, ...others])].slice(0, count).map((range) => ({
    ...sweptRangeModel(range, { layerCount, source }).recipe,
    name: rangeName(range, source)
  }))
}

/** Lists the ranges that were selected on one half of the prompts (cross-fitted), under the same rho. */
function pickedByHalves({ selection }: Pick<SweepDocument, 'selection'>, rho: number): RestorationRange[] {
  if (selection === null || selection.rho !== rho || selection.crossFit === null) return []
  return selection.crossFit.folds.flatMap(({ selected }) => (selected === null ? [] : [selected]))
}

/** Returns the next baselines to check: the best of each kind by first tokens, until one of the kind passes. */
export function baselinesToCheck(
  sweep: Pick<SweepDocument, 'prompts' | 'post' | 'holdOutSplit' | 'uniformBlends' | 'baselines'>,
  earlier: AnswerCheck | null,
  rho: number
): Baseline[] {
  return BASELINE_KINDS.flatMap((kind) => {
    const best = bestBaselines(sweep, kind, rho)
    const hasPassed = best.some((baseline) => {
      const checked = checkOfBaseline(earlier, baseline)
      return earlier !== null && checked !== null && passesCheck(checked, earlier, rho)
    })
    if (hasPassed) return []
    return best.filter((baseline) => checkOfBaseline(earlier, baseline) === null).slice(0, BASELINES_AT_ONCE)
  })
}

/** Returns the recipes and baselines that the check of a new sweep needs, without those of an earlier check. */
export function missingOfCheck(
  sweep: SweepDocument,
  earlier: AnswerCheck | null,
  rho: number,
  count: number
): Pick<CheckRequest, 'recipes' | 'baselines'> {
  return {
    recipes: rangesToCheck(sweep, null, rho, count).filter(
      (recipe) => checkOf(earlier, { kind: 'recipe', recipe }) === null
    ),
    baselines: baselinesToCheck(sweep, null, rho).filter((baseline) => checkOfBaseline(earlier, baseline) === null)
  }
}

/** Checks recipes and baselines exactly on full answers, and adds the results to those of an earlier check. */
export async function checkSweep(
  engine: EngineClient,
  { pair: folders, sweep, earlier, recipes, baselines, computedIn = sweep }: CheckRequest,
  signal: AbortSignal,
  onProgress: (progress: CheckProgress) => void
): Promise<AnswerCheck> {
  if (sweep.scoredBy.kind === 'task') {
    throw inputError(
      `The sweep ${sweep.id} is already scored by full answers to a task, so there is nothing to check.`,
      'Check a sweep of the character task.'
    )
  }
  if (recipes.length === 0 && baselines.length === 0) throw nothingToCheck(sweep, earlier)
  const { layerCount, source } = sweep
  const { device, precision } = computedIn
  for (const recipe of recipes) recipeStrengths(recipe, layerCount)
  const { rendered, text, endTokens, basePath, postPath } = await sweptPrompts(folders, sweep)
  const requested = checkedModels(recipes, baselines, sweep)
  const pair = { base: basePath.path, post: postPath.path, device, precision, text }
  const { answers, seconds } = await checkAnswers(
    engine,
    { ...pair, ...requested, rendered, endTokens },
    signal,
    onProgress
  ).catch((error: unknown) => {
    throw error instanceof WorkbenchError && error.problem.code === 'engine-lost' ? explainRestart(error) : error
  })
  const fresh: AnswerCheck = {
    schemaVersion: ANSWER_CHECK_VERSION,
    sweepId: sweep.id,
    createdAt: new Date().toISOString(),
    programVersion: version,
    seconds,
    device,
    precision,
    layerCount,
    basePath,
    postPath,
    source,
    endTokens,
    categories: rendered.prompts.map(({ category }) => category),
    post: elementAt(answers, 0, 'model'),
    models: recipes.map((recipe, index) => ({ recipe, ...elementAt(answers, index + 1, 'model') })),
    baselines: baselines.map((baseline, index) => ({
      baseline,
      ...elementAt(answers, elementAt(requested.modelOfBaseline, index, 'baseline'), 'model')
    }))
  }
  const check = joinChecks(earlier, fresh)
  if (sweep.fewShot === undefined || check.fewShot !== undefined) return check
  const { format } = sweep.fewShot
  const fewShotCheck = await checkFewShotBase(engine, { ...pair, endTokens, sweep, format }, signal)
  return { ...check, ...fewShotCheck, seconds: check.seconds + fewShotCheck.seconds }
}

type PairRequest = Pick<FullAnswersRequest, 'base' | 'post' | 'device' | 'precision' | 'text' | 'endTokens'>

/** Checks base after a few-shot prompt. Its answers also end with white space that contains the prompt's stop text. */
async function checkFewShotBase(
  engine: EngineClient,
  { sweep, format, ...pair }: PairRequest & { sweep: SweepDocument; format: FewShotPrompt },
  signal: AbortSignal
): Promise<{ fewShot: FullAnswerScores; seconds: number }> {
  const { text, endTokens } = pair
  const rendered = await renderPrompts(promptsOf(sweep), sweep.rendering, text, format)
  const white = await whiteSpaceTokens(text)
  const texts = await text.decodeBehind([], white)
  const stops = white.filter((_, index) => elementAt(texts, index, 'token').includes(format.stop))
  const { answers, seconds } = await checkAnswers(
    engine,
    { ...pair, models: [{ kind: 'base' }], baselines: [], rendered, endTokens: [...new Set([...endTokens, ...stops])] },
    signal,
    () => undefined
  )
  return { fewShot: elementAt(answers, 0, 'model'), seconds }
}

/**
 * Lists the models to check: post, recipes and blends, which have their own weights. Other baselines are samplers.
 * @returns `modelOfBaseline`, the index of each baseline's scores among the scores of `models` and then `baselines`
 */
function checkedModels(
  recipes: readonly Recipe[],
  baselines: readonly Baseline[],
  sweep: Pick<SweepDocument, 'layerCount' | 'source'>
): { models: Model[]; baselines: SamplingBaseline[]; modelOfBaseline: number[] } {
  const asModel = (recipe: Recipe): Model => ({ kind: 'recipe', recipe })
  const blends = baselines.filter(isBlend)
  const sampled = baselines.filter((baseline) => !isBlend(baseline))
  const models: Model[] = [
    { kind: 'post' },
    ...recipes.map(asModel),
    ...blends.map((blend) => asModel(blendRecipe(blend, sweep)))
  ]
  return {
    models,
    baselines: sampled,
    modelOfBaseline: baselines.map((baseline) =>
      isBlend(baseline) ? 1 + recipes.length + blends.indexOf(baseline) : models.length + sampled.indexOf(baseline)
    )
  }
}

/** Adds a hint to the error of a lost engine. Unlike a sweep, a check saves nothing before its end. */
function explainRestart({ problem }: WorkbenchError): WorkbenchError {
  return new WorkbenchError(
    problem.code,
    problem.message,
    'Nothing of this check is kept: it starts from its beginning again. What earlier checks found stays.'
  )
}

interface SweptPrompts extends Pick<AnswerCheck, 'basePath' | 'postPath' | 'endTokens'> {
  rendered: RenderedPrompts
  text: TextModel
}

/**
 * Renders the prompts again.
 * @throws WorkbenchError `bad-input` without end tokens; `mismatch` if models have changed
 */
async function sweptPrompts(folders: PairFolders, sweep: SweepDocument): Promise<SweptPrompts> {
  const pair = await openPair(folders.base, folders.post)
  const text = await recentTextModel(pair.post.checkpoint.textFolder)
  const rendered: RenderedPrompts = await renderPrompts(promptsOf(sweep), sweep.rendering, text)
  const basePath = referenceOf(pair.base)
  const postPath = referenceOf(pair.post)
  requireSameAsSwept({ basePath, postPath, prompts: rendered.prompts }, sweep)
  const endTokens = await pairEndTokens(pair, text)
  if (endTokens.length === 0) {
    throw inputError(
      `${folders.post} names no token that ends an answer, so no answer is ever whole.`,
      'Name it as eos_token_id in generation_config.json or config.json.'
    )
  }
  return { rendered, text, endTokens, basePath, postPath }
}

const promptsOf = ({ prompts }: SweepDocument): CrcPrompts =>
  prompts.map(({ text, category, valid }) => ({ text, category, valid }))

function referenceOf({ checkpoint: { path, fingerprint } }: PairMember): AnswerCheck['basePath'] {
  return { path, fingerprint }
}

/** Adds an earlier check's models to a new check that was computed in the same way. New results replace old ones. */
function joinChecks(earlier: AnswerCheck | null, fresh: AnswerCheck): AnswerCheck {
  if (
    earlier === null ||
    earlier.programVersion !== fresh.programVersion ||
    earlier.device !== fresh.device ||
    earlier.precision !== fresh.precision ||
    earlier.endTokens.join() !== fresh.endTokens.join()
  ) {
    return fresh
  }
  const models = earlier.models.filter(({ recipe }) => checkOf(fresh, { kind: 'recipe', recipe }) === null)
  const keyOf = ({ baseline }: CheckedBaseline): string => weightsKey(baselineModel(baseline, fresh))
  const freshKeys = new Set(fresh.baselines.map(keyOf))
  const baselines = earlier.baselines.filter((checked) => !freshKeys.has(keyOf(checked)))
  const joined = { ...fresh, models: [...models, ...fresh.models], baselines: [...baselines, ...fresh.baselines] }
  return earlier.fewShot === undefined ? joined : { ...joined, fewShot: earlier.fewShot }
}

/** Explains why no model is left to check. */
function nothingToCheck({ preview }: SweepDocument, earlier: AnswerCheck | null): WorkbenchError {
  return inputError(
    earlier === null
      ? `There is nothing to check: no range ${preview === null ? '' : 'that is exact '}` +
          'keeps the validity and is more diverse than post.'
      : 'There is nothing left to check: ' +
          'every range that keeps the validity and is more diverse than post has been checked.',
    preview === null
      ? 'Accept a lower validity limit, or name recipes to check.'
      : 'Run a full sweep, because the preview scored the other ranges on few prompts only. ' +
          'Or accept a lower validity limit, or name recipes to check.'
  )
}
