import type { CategoryScore } from '../../../contract/documents/crc'
import type { SweptModel } from '../../../contract/documents/swept-model'
import { at } from '../../../contract/model/look-up'
import { paretoFront } from '../../../contract/model/pareto-front'
import type { PromptPlaces } from '../../engine/tries/prompt-trie'
import { promptsByCategory } from '../selection/score-table'
import { choosePrompts } from './choose-prompts'
import { PreviewCost } from './preview-cost'
import { type Estimate, PreviewRace } from './preview-race'

/** Of the work of the whole sweep, what a preview may take: a quarter is promised. */
const BUDGET_SHARE = 0.206
/** Attention and MLP of the selected range alone, which a whole sweep scores behind it, take at least so many evaluations for each layer. */
const FOLLOW_UP = 2
/** The ranges that are shown first take no more of it than this. */
const COARSE_SHARE = 0.006
/** Of what is left once post and base are scored, what is kept for finalists. */
const FINALISTS_SHARE = 0.35
/** A range that would be selected with a smaller probability than this is dropped. */
const DROPPED_BELOW = 0.001
/** Of the work that is left for finalists, what the first turn may take: the exact leader tells the others apart much better. */
const FIRST_TURN_SHARE = 0.25
/** Finalists come in at most so many turns. */
const MOST_TURNS = 8

/** What a preview asks to be scored next: each of the models on each of the prompts. */
export interface PreviewStage {
  kind: 'coarse' | 'whole' | 'sample' | 'finalists'
  /** Indices of them. */
  models: readonly number[]
  prompts: readonly number[]
  /** What the whole preview may take at most, in rows of a block. */
  budget: number
}

/** What there is to score, and by which rule is selected. */
export interface PreviewSetting {
  layerCount: number
  models: readonly SweptModel[]
  prompts: readonly { category: string }[]
  /** Of each prompt the sequences of tokens that are computed for it. */
  places: readonly PromptPlaces[]
  /** The prompts that decide what is selected; null: all. */
  choose: readonly number[] | null
  rho: number
  seed: number
}

export interface PreviewProblem extends PreviewSetting {
  /** The model that a user looks at, if any: the next to be scored on all prompts. */
  lookedAt: () => number | null
  /** @throws Error where it is not scored yet */
  scoreOf: (model: number, prompt: number) => CategoryScore
}

export interface PreviewOutcome {
  /** The prompts that all ranges and blends are scored on, ascending. */
  prompts: number[]
  /** Models that are scored on all prompts, ascending. */
  exact: number[]
  /** What is thought of the ranges and blends that are not, over all prompts. */
  estimates: Map<number, Record<keyof CategoryScore, Estimate>>
  /** How likely it is that the whole sweep would select another range. */
  elsewhere: number
  /** The likeliest of them; null where all are exact. */
  likeliest: { model: number; chance: number } | null
  /** How many ranges that are not exact might still be selected. */
  open: number
  /** What the whole sweep takes, in rows of a block. */
  wholeRows: number
}

/**
 * What a preview scores, stage by stage; whoever goes through it scores what is yielded before going on.
 *
 * Ranges on a coarse grid, on the shortest prompt; then post, base and what is wanted exactly anyway, on all prompts; then all ranges
 * and blends on a few prompts that stand for all; then, turn by turn, those that may still be selected, on all prompts, the likeliest
 * first, until none may be or the work is done.
 *
 * @returns null where prompts are so few that some of them cost too much: then everything is to be scored
 */
export function* previewStages(problem: PreviewProblem): Generator<PreviewStage, PreviewOutcome | null> {
  const { prompts } = problem
  const plan = planPreview(problem)
  const { coarse, whole, candidates, all, budget } = plan
  if (plan.ranges.length === 0 || choosePrompts({ ...plan.choice, known: [] }) === null) return null
  if (coarse.models.length > 0)
    yield { kind: 'coarse', models: coarse.models, prompts: coarse.prompts, budget }
  yield { kind: 'whole', models: whole, prompts: all, budget }
  const drawn = choosePrompts({ ...plan.choice, known: knownOfWhole(problem, plan) })
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
  const races = {
    ofRanges: new PreviewRace(scores, plan.ranges),
    ofBlends: new PreviewRace(scores, plan.blends)
  }
  const exact = [...whole, ...(yield* finalists(plan, races, sample, problem.lookedAt))]
  const overAll = new PreviewRace({ ...scores, categories: categoriesOf(prompts, all) }, candidates)
  overAll.finish(exact)
  return {
    ...certaintyOf(races.ofRanges),
    wholeRows: plan.total,
    prompts: sample,
    exact: exact.sort((a, b) => a - b),
    estimates: new Map([...overAll.estimates()].filter(([model]) => !exact.includes(model)))
  }
}

/** What a preview may take, as far as it is settled before anything is scored. */
export interface PlannedPreview {
  /** Ranges and blends, and the prompts that they are all scored on: as many as will be drawn. */
  candidates: readonly number[]
  prompts: readonly number[]
  /** Rows of a block, at most. */
  rows: number
  /** Of them those whose states are left for later stages. */
  statesRows: number
  wholeRows: number
}

/** @returns null where everything is to be scored */
export function plannedPreview(problem: PreviewSetting): PlannedPreview | null {
  const { ranges, candidates, whole, choice, cost, coarse, budget, total } = planPreview(problem)
  const drawn = ranges.length === 0 ? null : choosePrompts({ ...choice, known: [] })
  if (drawn === null) return null
  const prompts = drawn.flat().sort((a, b) => a - b)
  const ofSample = cost.evaluationsAfter(whole)(candidates) * cost.prefixes(prompts)
  const statesRows = budget - coarse.work - ofSample
  return { candidates, prompts, rows: budget, statesRows, wholeRows: total }
}

type PreviewPlan = ReturnType<typeof planPreview>

/** What there is to score, and what may be spent on it, in rows of a block. */
function planPreview(problem: PreviewSetting) {
  const { layerCount, models, prompts, places } = problem
  const cost = new PreviewCost(layerCount, models, places)
  const all = [...prompts.keys()]
  const of = (...kinds: SweptModel['kind'][]): number[] =>
    [...models.keys()].filter((model) => kinds.includes(at(models, model, 'model').kind))
  // A blend of strength 0 is post itself.
  const isPost = (model: number): boolean => {
    const swept = at(models, model, 'model')
    return swept.kind === 'blend' && swept.strength === 0
  }
  const ranges = of('range')
  const blends = of('blend').filter((model) => !isPost(model))
  const whole = [...of('post', 'base', 'recipe', 'checkpoint'), ...of('blend').filter(isPost)]
  const candidates = [...ranges, ...blends]
  const prefixes = cost.prefixes(all)
  const total = cost.evaluations([...models.keys()]) * prefixes
  const budget = BUDGET_SHARE * (total + FOLLOW_UP * layerCount * prefixes)
  const coarse = coarseStage(problem, cost, ranges, COARSE_SHARE * total)
  const rest = budget - cost.of(whole, all) - coarse.work
  const choice = {
    categories: categoriesOf(prompts, problem.choose ?? all),
    prefixesOf: (some: readonly number[]) => cost.prefixes(some),
    mostPrefixes: ((1 - FINALISTS_SHARE) * rest) / Math.max(1, cost.evaluationsAfter(whole)(candidates)),
    seed: problem.seed
  }
  const post = at(of('post'), 0, 'post')
  const base = of('base')[0] ?? null
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
    rest,
    choice,
    post,
    base
  }
}

/** What post, and base where it is scored, have on every prompt. */
function knownOfWhole({ scoreOf }: PreviewProblem, { post, base, all }: PreviewPlan): number[][] {
  return (base === null ? [post] : [post, base]).flatMap((model) =>
    (['validity', 'diversity'] as const).map((measure) =>
      all.map((prompt) => scoreOf(model, prompt)[measure])
    )
  )
}

/** @returns all that were picked */
function* finalists(
  { cost, all, budget, whole, candidates, rest }: PreviewPlan,
  races: Races,
  sample: readonly number[],
  lookedAt: PreviewProblem['lookedAt']
): Generator<PreviewStage, number[]> {
  const exact: number[] = []
  const prefixes = cost.prefixes(all.filter((prompt) => !sample.includes(prompt)))
  let left = rest - cost.evaluationsAfter(whole)(candidates) * cost.prefixes(sample)
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const share = turn === 0 ? FIRST_TURN_SHARE : 1
    const evaluations = cost.evaluationsAfter([...whole, ...exact])
    const looked = lookedAt()
    const wanted = candidates.filter((model) => model === looked && !exact.includes(model))
    const picked = pickFinalists(races, evaluations, (share * left) / prefixes, turn === 0, wanted)
    if (picked.length === 0) break
    yield { kind: 'finalists', models: picked, prompts: all, budget }
    left -= evaluations(picked) * prefixes
    for (const race of [races.ofRanges, races.ofBlends]) race.finish(picked)
    exact.push(...picked)
  }
  return exact
}

/** Some prompts by category. */
function categoriesOf(prompts: PreviewProblem['prompts'], some: readonly number[]): number[][] {
  const { categories } = promptsByCategory(some.map((prompt) => at(prompts, prompt, 'prompt')))
  return categories.map((indices) => indices.map((index) => at(some, index, 'prompt')))
}

/** Ranges whose edges lie on the finest grid that the work allows, on the shortest prompt; none where it allows none. */
function coarseStage(
  { layerCount, models, prompts }: PreviewSetting,
  cost: PreviewCost,
  ranges: readonly number[],
  most: number
): { models: number[]; prompts: number[]; work: number } {
  const shortest = [...prompts.keys()].reduce((best, prompt) =>
    cost.prefixes([prompt]) < cost.prefixes([best]) ? prompt : best
  )
  for (let step = 2; step <= layerCount; step++) {
    const onGrid = ranges.filter((index) => {
      const model = at(models, index, 'model')
      return model.kind === 'range' && model.range.start % step === 0 && (model.range.end + 1) % step === 0
    })
    const work = cost.of(onGrid, [shortest])
    if (work <= most) return { models: onGrid, prompts: [shortest], work }
  }
  return { models: [], prompts: [], work: 0 }
}

type Races = Record<'ofRanges' | 'ofBlends', PreviewRace>

/**
 * The ranges that may still be selected, those that may gain most first, as many as the work allows; before them what is wanted, and behind
 * them, in the first turn, the front. In that the expected leader and the best blend come in any case.
 */
function pickFinalists(
  { ofRanges, ofBlends }: Races,
  evaluationsOf: (models: readonly number[]) => number,
  most: number,
  isFirst: boolean,
  wanted: readonly number[]
): number[] {
  const likely = [...ofRanges.prospects()]
    .filter(([, { chance }]) => chance >= DROPPED_BELOW)
    .sort(([, a], [, b]) => b.gain - a.gain)
    .map(([model]) => model)
  const picked = isFirst ? [ofRanges.leader(), ofBlends.leader()].filter((model) => model !== null) : []
  const front = isFirst
    ? paretoFront(Array.from(ofRanges.expected(), ([model, score]) => ({ model, ...score })))
    : []
  for (const model of [...wanted, ...likely, ...front.map(({ model }) => model)]) {
    if (!picked.includes(model) && evaluationsOf([...picked, model]) <= most) picked.push(model)
  }
  return picked.sort((a, b) => a - b)
}

function certaintyOf(race: PreviewRace): Pick<PreviewOutcome, 'elsewhere' | 'likeliest' | 'open'> {
  const chances = Array.from(race.prospects(), ([model, { chance }]) => ({ model, chance }))
  return {
    elsewhere: 1 - chances.reduce((product, { chance }) => product * (1 - chance), 1),
    likeliest: chances.sort((a, b) => b.chance - a.chance)[0] ?? null,
    open: chances.filter(({ chance }) => chance >= DROPPED_BELOW).length
  }
}
