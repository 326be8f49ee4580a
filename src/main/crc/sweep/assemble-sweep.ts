import { randomUUID } from 'node:crypto'
import {
  type CategoryScore,
  type PromptScore,
  type Score,
  SWEEP_VERSION,
  type SweepDocument,
  type SweepPreview
} from '../../../contract/documents/crc'
import type { SweptModel } from '../../../contract/documents/swept-model'
import type { SamplingBaseline } from '../../../contract/model/sampling-baseline'
import { forecastMeasures } from '../task/forecasts'
import { averageScores } from '../task/scoring'
import type { Steps } from '../../base/steps'
import { elementAt } from '../../../contract/model/look-up'
import { selectionOf } from '../selection/compare-baselines'
import type { MeanEstimate } from '../preview/preview-race'
import { NORMAL_QUANTILE } from '../../../contract/model/t-quantile'

/** Significant digits of a stored probability: more than float32's seven, and few enough to omit noise. */
const STORED_DIGITS = 9

/** Scores of a model on each prompt. */
export interface ModelResults {
  model: SweptModel
  prompts: readonly PromptScore[]
}

/** Fields of a sweep document besides the scores and the selection. */
export type SweepFacts = Omit<
  SweepDocument,
  | 'schemaVersion'
  | 'id'
  | 'createdAt'
  | 'base'
  | 'post'
  | 'ranges'
  | 'recipes'
  | 'checkpoints'
  | 'uniformBlends'
  | 'baselines'
  | 'preview'
  | 'selected'
  | 'selection'
  | 'followUp'
>

/** Scores of a baseline on each prompt. */
export interface BaselineResults {
  baseline: SamplingBaseline
  prompts: readonly PromptScore[]
}

/** Scores of the models that a preview scored on some prompts only. */
export interface PreviewResults {
  /** Indices of the prompts on which every model is scored, ascending. */
  prompts: readonly number[]
  rho: number
  /** Rows that went through a block, and the rows of a full sweep. */
  rows: number
  wholeRows: number
  /** Ranges and blends with their scores on these prompts, and their estimated means over all. */
  models: readonly (ModelResults & { estimate: Record<keyof CategoryScore, MeanEstimate> })[]
}

/** Results of a sweep, and the rule by which it selects a range. */
interface SweepOutcome {
  id?: string | undefined
  facts: SweepFacts
  models: readonly ModelResults[]
  baselines: readonly BaselineResults[]
  preview: PreviewResults | null
  rho: number
  seed?: number | undefined
  /** Number of candidates that each family of baselines picks from; all by default. */
  budget?: number | undefined
}

/** Builds the document of a sweep: the means of every model, the selected range and its stability. */
export function* assembleSweep({
  id,
  facts,
  models,
  baselines,
  preview,
  rho,
  seed,
  budget
}: SweepOutcome): Steps<SweepDocument> {
  const basePrompts = models.find(({ model }) => model.kind === 'base')?.prompts
  // Calibration is measured against uniform answers, which only the character task asks for.
  const isFair = facts.scoredBy.kind === 'crc'
  const scoreOf = (prompts: readonly PromptScore[]): Score => ({
    ...averageScores(facts.prompts, prompts),
    ...forecastMeasures(facts.prompts, prompts, basePrompts, isFair)
  })
  const scored = models.map(({ model, prompts }) => ({ model, score: scoreOf(prompts) }))
  const post = scored.find(({ model }) => model.kind === 'post')?.score
  if (post === undefined) throw new Error('a sweep without post')
  const { ranges, uniformBlends } = rangesAndBlends(scored)
  const scoredBaselines = baselines.map(({ baseline, prompts }) => ({
    baseline,
    ...scoreOf(prompts)
  }))
  const recipes = scored.flatMap(({ model, score }) =>
    model.kind === 'recipe' ? [{ recipe: model.recipe, ...score }] : []
  )
  const checkpoints = scored.flatMap(({ model, score }) => {
    if (model.kind !== 'checkpoint') return []
    const { name, path, fingerprint } = model
    return [{ name, path, fingerprint, ...score }]
  })
  const sweep = { ...facts, post, ranges, recipes, checkpoints, uniformBlends, baselines: scoredBaselines }
  const selected = ranges.length === 0 ? null : yield* selectionOf(sweep, ranges, rho, seed, { budget })
  const base = scored.find(({ model }) => model.kind === 'base')?.score ?? null
  return {
    schemaVersion: SWEEP_VERSION,
    id: id ?? randomUUID(),
    createdAt: new Date().toISOString(),
    ...facts,
    base: base === null ? null : withStoredDigits(base),
    post: withStoredDigits(post),
    ranges: ranges.map(withStoredDigits),
    recipes: recipes.map(withStoredDigits),
    checkpoints: checkpoints.map(withStoredDigits),
    uniformBlends: uniformBlends.map(withStoredDigits),
    baselines: scoredBaselines.map(withStoredDigits),
    preview: preview === null ? null : storedPreview(facts, preview),
    selected: selected?.selected ?? null,
    selection: selected,
    followUp: null
  }
}

/** Replaces the means of previewed models by estimates over all prompts. */
function storedPreview(
  { prompts: all }: Pick<SweepFacts, 'prompts'>,
  { prompts, models, ...facts }: PreviewResults
): SweepPreview {
  const categories = prompts.map((prompt) => elementAt(all, prompt, 'prompt'))
  const scored = models.map(({ model, prompts, estimate: { validity, diversity } }) => ({
    model,
    score: withStoredDigits({
      ...averageScores(categories, prompts),
      validity: validity.mean,
      diversity: diversity.mean,
      margins: { validity: NORMAL_QUANTILE * validity.spread, diversity: NORMAL_QUANTILE * diversity.spread }
    })
  }))
  return { ...facts, prompts: [...prompts], ...rangesAndBlends(scored) }
}

function rangesAndBlends<Scores>(scored: readonly { model: SweptModel; score: Scores }[]) {
  return {
    ranges: scored.flatMap(({ model, score }) => (model.kind === 'range' ? [{ ...model.range, ...score }] : [])),
    uniformBlends: scored.flatMap(({ model, score }) =>
      model.kind === 'uniform-blend' ? [{ strength: model.strength, last: model.last, ...score }] : []
    )
  }
}

function withStoredDigits<T extends Score>(score: T): T {
  return { ...score, prompts: score.prompts.map(promptWithStoredDigits) }
}

/** Rounds the probabilities of a stored score; its measures stay exact. */
export function promptWithStoredDigits(score: PromptScore): PromptScore {
  return { ...score, probabilities: score.probabilities.map((p) => Number(p.toPrecision(STORED_DIGITS))) }
}
