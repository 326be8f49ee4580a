import { isUniform } from '../../../contract/model/recipe'
import type { CategoryScore } from '../../../contract/documents/crc'
import type { SweptModel } from '../../../contract/documents/swept-model'
import { elementAt } from '../../../contract/model/look-up'
import { paretoFront } from '../../../contract/model/pareto-front'
import type { PromptPrefixes } from '../../engine/tries/prompt-trie'
import { promptsByCategory } from '../selection/score-table'
import { choosePrompts } from './choose-prompts'
import { PreviewCost } from './preview-cost'
import { type MeanEstimate, PreviewRace } from './preview-race'

/** Maximum cost of a preview as a share of the full sweep. The documentation promises a quarter. */
const BUDGET_SHARE = 0.206
/** Evaluations per layer of a full sweep's follow-up: the selected range with only attention and only MLP restored. */
const FOLLOW_UP = 2
/** Maximum cost of the coarse stage, whose ranges are shown first, as a share of the full sweep. */
const COARSE_SHARE = 0.006
/** Share of the budget remaining after post and base that is reserved for finalists. */
const FINALISTS_SHARE = 0.35
/** Minimum probability of being selected. Less likely ranges are dropped. */
const DROPPED_BELOW = 0.001
/** Share of the finalists' budget for the first turn. Estimates improve a lot once the leader is exact. */
const FIRST_TURN_SHARE = 0.25
/** Maximum number of turns in which finalists are scored. */
const MAX_TURNS = 8

/** Next scores that a preview needs: each of the models on each of the prompts. */
export interface PreviewStage {
  kind: 'coarse' | 'whole' | 'sample' | 'finalists'
  models: readonly number[]
  prompts: readonly number[]
  /** Maximum cost of the whole preview, in rows that go through a block. */
  budget: number
}

/** Models, prompts and selection rule of a preview. Other fields refer to models and prompts by their indices. */
export interface PreviewSetting {
  layerCount: number
  models: readonly SweptModel[]
  prompts: readonly { category: string }[]
  /** Token prefixes of each prompt with its answers, which determine its cost. */
  prefixes: readonly PromptPrefixes[]
  /** Prompts that decide the selection. Null if all do. */
  choose: readonly number[] | null
  rho: number
  seed: number
}

/** A preview whose models are being scored. */
export interface PreviewProblem extends PreviewSetting {
  /** Returns the model that the user has selected, which is scored on all prompts next. Null if there is none. */
  viewedRange: () => number | null
  /** @throws Error if the model is not scored on the prompt yet */
  scoreOf: (model: number, prompt: number) => CategoryScore
}

export interface PreviewOutcome {
  /** Prompts that every model was scored on. */
  prompts: number[]
  /** Models that were scored on all prompts. */
  exact: number[]
  /** Estimates over all prompts of the ranges and blends that are not exact. */
  estimates: Map<number, Record<keyof CategoryScore, MeanEstimate>>
  /** Cost of the full sweep, in rows of a block. */
  wholeRows: number
}

/**
 * Yields the stages of a preview. The caller must score each yielded stage before it asks for the next one.
 *
 * 1. `coarse`: ranges on a coarse grid, on the shortest prompt.
 * 2. `whole`: post, base and all models that need exact scores, on all prompts.
 * 3. `sample`: all ranges and blends, on a few prompts that represent all prompts.
 * 4. `finalists`: models that may still be selected, on all prompts, in several turns. Models with the greatest
 *    expected gain come first. The turns end when only the leader may still be selected, or when the budget is spent.
 *
 * @returns null if there are so few prompts that a preview saves too little, so that all models must be scored on all
 *   prompts
 */
export function* previewStages(problem: PreviewProblem): Generator<PreviewStage, PreviewOutcome | null> {
  const { prompts } = problem
  const plan = planPreview(problem)
  const { coarse, whole, candidates, all, budget } = plan
  if (plan.ranges.length === 0 || choosePrompts({ ...plan.choice, known: [] }) === null) return null
  if (coarse.models.length > 0) yield { kind: 'coarse', models: coarse.models, prompts: coarse.prompts, budget }
  yield { kind: 'whole', models: whole, prompts: all, budget }
  const drawn = choosePrompts({ ...plan.choice, known: exactScores(problem, plan) })
  if (drawn === null) throw new Error('prompts that could be drawn cannot be')
  const sample = drawn.flat().sort((a, b) => a - b)
  yield { kind: 'sample', models: candidates, prompts: sample, budget }
  const { post, base, choice } = plan
  const scores = {
    categories: choice.categories,
    drawn,
    post,
    base,
    rho: problem.rho,
    scoreOf: problem.scoreOf
  }
  const races = { ofRanges: new PreviewRace(scores, plan.ranges), ofBlends: new PreviewRace(scores, plan.blends) }
  const exact = [...whole, ...(yield* finalists(plan, races, sample, problem.viewedRange))]
  const overAll = new PreviewRace({ ...scores, categories: categoriesOf(prompts, all) }, candidates)
  overAll.finish(exact)
  return {
    wholeRows: plan.total,
    prompts: sample,
    exact: exact.sort((a, b) => a - b),
    estimates: new Map([...overAll.estimates()].filter(([model]) => !exact.includes(model)))
  }
}

/** Cost of a preview, as far as it is determined before anything is scored. */
interface PlannedPreview {
  /** Ranges and blends. */
  candidates: readonly number[]
  /** Planned prompts that all candidates are scored on. The preview may choose others, but as many. */
  prompts: readonly number[]
  /** Maximum cost, in rows of a block. */
  rows: number
  /** Rows, among `rows`, whose states are kept for later stages. */
  statesRows: number
  wholeRows: number
}

/** Plans the cost of a preview. @returns null if a preview saves too little, so that everything is scored */
export function plannedPreview(problem: PreviewSetting): PlannedPreview | null {
  const { ranges, candidates, whole, choice, cost, coarse, budget, total } = planPreview(problem)
  const drawn = ranges.length === 0 ? null : choosePrompts({ ...choice, known: [] })
  if (drawn === null) return null
  const prompts = drawn.flat().sort((a, b) => a - b)
  const sampleRows = cost.evaluationsAfter(whole)(candidates) * cost.countRows(prompts)
  const statesRows = budget - coarse.work - sampleRows
  return { candidates, prompts, rows: budget, statesRows, wholeRows: total }
}

type PreviewPlan = ReturnType<typeof planPreview>

/** Lists the models to score and computes the budgets, in rows of a block. */
function planPreview(problem: PreviewSetting) {
  const { layerCount, models, prompts, prefixes } = problem
  const cost = new PreviewCost(layerCount, models, prefixes)
  const all = [...prompts.keys()]
  const ofKinds = (...kinds: SweptModel['kind'][]): number[] =>
    [...models.keys()].filter((model) => kinds.includes(elementAt(models, model, 'model').kind))
  // A blend of strength 0 is post itself.
  const isPost = (model: number): boolean => {
    const swept = elementAt(models, model, 'model')
    return swept.kind === 'uniform-blend' && swept.strength === 0 && isUniform(swept)
  }
  const ranges = ofKinds('range')
  const blends = ofKinds('uniform-blend').filter((model) => !isPost(model))
  const whole = [...ofKinds('post', 'base', 'recipe', 'checkpoint'), ...ofKinds('uniform-blend').filter(isPost)]
  const candidates = [...ranges, ...blends]
  const rowCount = cost.countRows(all)
  const total = cost.evaluations([...models.keys()]) * rowCount
  const budget = BUDGET_SHARE * (total + FOLLOW_UP * layerCount * rowCount)
  const coarse = coarseStage(problem, cost, ranges, COARSE_SHARE * total)
  const remaining = budget - cost.of(whole, all) - coarse.work
  const choice = {
    categories: categoriesOf(prompts, problem.choose ?? all),
    countRows: (indices: readonly number[]) => cost.countRows(indices),
    maxRows: ((1 - FINALISTS_SHARE) * remaining) / Math.max(1, cost.evaluationsAfter(whole)(candidates)),
    seed: problem.seed
  }
  const post = elementAt(ofKinds('post'), 0, 'post')
  const base = ofKinds('base')[0] ?? null
  return {
    cost,
    all,
    ranges,
    blends,
    whole,
    candidates,
    total,
    budget,
    coarse,
    remaining,
    choice,
    post,
    base
  }
}

/** Collects the scores of post and base on all prompts, which the drawn prompts should represent. */
function exactScores({ scoreOf }: PreviewProblem, { post, base, all }: PreviewPlan): number[][] {
  return (base === null ? [post] : [post, base]).flatMap((model) =>
    (['validity', 'diversity'] as const).map((measure) => all.map((prompt) => scoreOf(model, prompt)[measure]))
  )
}

/** Yields the stages that score finalists on all prompts. @returns all models that were picked */
function* finalists(
  { cost, all, budget, whole, candidates, remaining }: PreviewPlan,
  races: Races,
  sample: readonly number[],
  viewedRange: PreviewProblem['viewedRange']
): Generator<PreviewStage, number[]> {
  const exact: number[] = []
  const rowCount = cost.countRows(all.filter((prompt) => !sample.includes(prompt)))
  let rowsLeft = remaining - cost.evaluationsAfter(whole)(candidates) * cost.countRows(sample)
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const share = turn === 0 ? FIRST_TURN_SHARE : 1
    const evaluations = cost.evaluationsAfter([...whole, ...exact])
    const viewed = viewedRange()
    const wanted = candidates.filter((model) => model === viewed && !exact.includes(model))
    const picked = pickFinalists(races, evaluations, (share * rowsLeft) / rowCount, turn === 0, wanted)
    if (picked.length === 0) break
    yield { kind: 'finalists', models: picked, prompts: all, budget }
    rowsLeft -= evaluations(picked) * rowCount
    for (const race of [races.ofRanges, races.ofBlends]) race.finish(picked)
    exact.push(...picked)
  }
  return exact
}

/** Groups the indices of chosen prompts by category. */
function categoriesOf(prompts: PreviewProblem['prompts'], chosen: readonly number[]): number[][] {
  const { categories } = promptsByCategory(chosen.map((prompt) => elementAt(prompts, prompt, 'prompt')))
  return categories.map((indices) => indices.map((index) => elementAt(chosen, index, 'prompt')))
}

/** Returns the stage that scores ranges of a coarse grid: the finest grid within the budget, or none. */
function coarseStage(
  { layerCount, models, prompts }: PreviewSetting,
  cost: PreviewCost,
  ranges: readonly number[],
  maxRows: number
): { models: number[]; prompts: number[]; work: number } {
  const shortest = [...prompts.keys()].reduce((best, prompt) =>
    cost.countRows([prompt]) < cost.countRows([best]) ? prompt : best
  )
  for (let step = 2; step <= layerCount; step++) {
    const onGrid = ranges.filter((index) => {
      const model = elementAt(models, index, 'model')
      return model.kind === 'range' && model.range.start % step === 0 && (model.range.end + 1) % step === 0
    })
    const work = cost.of(onGrid, [shortest])
    if (work <= maxRows) return { models: onGrid, prompts: [shortest], work }
  }
  return { models: [], prompts: [], work: 0 }
}

type Races = Record<'ofRanges' | 'ofBlends', PreviewRace>

/**
 * Picks models within the budget, by expected gain. The first turn also has the leader, the best blend and the Pareto
 * front. @param wanted models that the user looks at, which come first
 */
function pickFinalists(
  { ofRanges, ofBlends }: Races,
  evaluationsOf: (models: readonly number[]) => number,
  maxEvaluations: number,
  isFirst: boolean,
  wanted: readonly number[]
): number[] {
  const likely = [...ofRanges.prospects()]
    .filter(([, { chance }]) => chance >= DROPPED_BELOW)
    .sort(([, a], [, b]) => b.gain - a.gain)
    .map(([model]) => model)
  const picked = isFirst ? [ofRanges.leader(), ofBlends.leader()].filter((model) => model !== null) : []
  const front = isFirst ? paretoFront(Array.from(ofRanges.expected(), ([model, score]) => ({ model, ...score }))) : []
  for (const model of [...wanted, ...likely, ...front.map(({ model }) => model)]) {
    if (!picked.includes(model) && evaluationsOf([...picked, model]) <= maxEvaluations) picked.push(model)
  }
  return picked.sort((a, b) => a - b)
}
