import {
  type CategoryScore,
  type Difference,
  type Halves,
  LayerHalf,
  type RangeScore,
  type Reported,
  type RivalComparison,
  type Score,
  type Selection,
  type SweepDocument,
  type TakenRival
} from '../../../contract/documents/crc'
import { samplerOfSweep } from '../../../contract/documents/scored-by'
import { mostDiverse } from '../../../contract/model/by-diversity'
import { layersModel, weightsKey } from '../../../contract/model/model'
import { halfStrengths, spanKey } from '../../../contract/model/strengths'
import { averageScores } from '../task/scoring'
import { mean } from '../../base/sums'
import {
  answerLimit,
  checkOf,
  checkOfBaseline,
  type CheckResult,
  checkOfRange,
  passesCheck,
  type WholeAnswers
} from '../../../contract/documents/answer-check'
import { temperedScores, type Tempered } from './what-if'
import { scoreWords } from '../../../contract/words/score-words'
import { selection } from './selection'
import { promptsByCategory } from './score-table'
import { signFlip } from './sign-flip'
import { elementAt } from '../../../contract/model/look-up'
import type { Steps } from '../../base/steps'
import { DEFAULT_SEED } from '../../../contract/model/resampling'

/** Fields of a sweep that are needed to select a range and to compare it with baselines. */
export type SelectionInput = Pick<
  SweepDocument,
  | 'layerCount'
  | 'source'
  | 'prompts'
  | 'scoredBy'
  | 'whatIf'
  | 'halves'
  | 'post'
  | 'ranges'
  | 'recipes'
  | 'soup'
  | 'rivals'
>

/**
 * Selects a range and compares it with the baselines of the sweep.
 *
 * @param candidates the sweep's ranges that may be selected
 * @param check full answers of ranges and baselines; null if none were checked
 */
export function* selectionOf(
  sweep: SelectionInput,
  candidates: readonly RangeScore[],
  rho: number,
  seed = DEFAULT_SEED,
  check: CheckResult | null = null
): Steps<Selection> {
  const { halves, scoredBy } = sweep
  const choosing = halves === null ? sweep : yield* onPrompts(sweep, halves.choose)
  const candidateKeys = new Set(candidates.map(spanKey))
  const selected = yield* selection(
    choosing.prompts,
    choosing.post,
    choosing.ranges.filter((range) => candidateKeys.has(spanKey(range))),
    rho,
    seed,
    scoreWords(scoredBy)
  )
  const range = sweep.ranges.find(
    ({ start, end }) => start === selected.selected?.start && end === selected.selected.end
  )
  if (range === undefined) return selected
  yield
  const tempered = yield* temperedScores(sweep, range)
  const { minimumValidity } = selected
  return {
    ...selected,
    rivals: yield* compareRivals(sweep, { minimumValidity, rho, range, tempered, check }, seed),
    reported: halves === null ? null : yield* reportOn(sweep, range, halves, seed),
    tempered: tempered.map(
      ({ sampler, score: { validity, diversity, effectiveChoices, distinctRight } }) => ({
        ...sampler,
        ...{ validity, diversity, effectiveChoices },
        ...(distinctRight === undefined ? {} : { distinctRight })
      })
    )
  }
}

/** Compares a selection again, with baselines that were scored or checked on full answers after the selection. */
export function* recompareBaselines(
  sweep: SelectionInput,
  selection: Selection,
  check: CheckResult | null = null
): Steps<Selection> {
  const { selected, minimumValidity, bootstrap, rho } = selection
  const range = sweep.ranges.find(({ start, end }) => start === selected?.start && end === selected.end)
  if (range === undefined) return selection
  const tempered = yield* temperedScores(sweep, range)
  const compared = { minimumValidity, rho, range, tempered, check }
  const rivals = yield* compareRivals(sweep, compared, bootstrap.seed)
  return { ...selection, rivals }
}

/** Restricts a sweep to the prompts at the given indices. */
function* onPrompts(sweep: SelectionInput, indices: readonly number[]): Steps<SelectionInput> {
  const prompts = indices.map((index) => elementAt(sweep.prompts, index, 'prompt'))
  const restrict = <Scored extends Score>(score: Scored): Scored => ({
    ...score,
    ...scoreOnPrompts(sweep.prompts, score, indices)
  })
  const ranges: RangeScore[] = []
  for (const range of sweep.ranges) {
    ranges.push(restrict(range))
    yield
  }
  return {
    ...sweep,
    prompts,
    halves: null,
    post: restrict(sweep.post),
    ranges,
    recipes: sweep.recipes.map(restrict),
    soup: sweep.soup.map(restrict),
    rivals: sweep.rivals.map(restrict)
  }
}

/** Recomputes a score on the prompts at the given indices. */
function scoreOnPrompts(prompts: SelectionInput['prompts'], score: Score, indices: readonly number[]): Score {
  if (indices.length === prompts.length) return score
  return averageScores(
    indices.map((index) => elementAt(prompts, index, 'prompt')),
    indices.map((index) => elementAt(score.prompts, index, 'score'))
  )
}

/** Scores the range that the selection prompts selected on the hold-out prompts. */
function* reportOn(
  sweep: SelectionInput,
  range: RangeScore,
  { choose, report }: Halves,
  seed: number
): Steps<Reported> {
  const { prompts, post, ranges } = yield* onPrompts(
    { ...sweep, ranges: [range], recipes: [], soup: [], rivals: [] },
    report
  )
  const selected = elementAt(ranges, 0, 'range')
  const { categories } = promptsByCategory(prompts)
  const gain = (measure: keyof CategoryScore): Difference =>
    difference(selected, post, measure, categories, seed)
  const means = ({ validity, diversity }: CategoryScore): CategoryScore => ({ validity, diversity })
  return {
    chosenOn: choose.length,
    reportedOn: report.length,
    post: means(post),
    selected: means(selected),
    gain: { validity: gain('validity'), diversity: gain('diversity') }
  }
}

interface Candidate {
  rival: RivalComparison['rival']
  score: Score
}

/** Kinds of baselines that do not depend on the selected range, in the order of tables. */
export const BASELINE_KINDS = [
  'blend',
  'sampler',
  'mix',
  'filter'
] as const satisfies readonly TakenRival['kind'][]

/** A baseline that keeps the validity and is more diverse than post on first tokens. */
interface Qualified<Baseline> {
  rival: Baseline
  score: Score
  /** Score on the selection prompts. */
  chosen: Score
}

/** Filters the candidates that the selection rule accepts on the selection prompts. */
function qualifying<Baseline>(
  { prompts, post, halves }: Pick<SelectionInput, 'prompts' | 'post' | 'halves'>,
  candidates: readonly { rival: Baseline; score: Score }[],
  minimumValidity: number
): Qualified<Baseline>[] {
  const choosing = halves?.choose ?? [...prompts.keys()]
  const minimumDiversity = scoreOnPrompts(prompts, post, choosing).diversity
  return candidates
    .map((candidate) => ({ ...candidate, chosen: scoreOnPrompts(prompts, candidate.score, choosing) }))
    .filter(({ chosen }) => chosen.validity >= minimumValidity && chosen.diversity > minimumDiversity)
}

const baselinesOfKind = (
  { soup, rivals }: Pick<SelectionInput, 'soup' | 'rivals'>,
  kind: TakenRival['kind']
): { rival: TakenRival; score: Score }[] =>
  kind === 'blend'
    ? blendsOf(soup)
    : rivals.filter(({ rival }) => rival.kind === kind).map((score) => ({ rival: score.rival, score }))

/** Sorts the qualifying baselines of a kind by first tokens, the most diverse first. */
export function bestBaselines(
  sweep: Pick<SelectionInput, 'prompts' | 'post' | 'halves' | 'soup' | 'rivals'>,
  kind: TakenRival['kind'],
  rho: number
): TakenRival[] {
  const choosing = sweep.halves?.choose ?? [...sweep.prompts.keys()]
  const minimumValidity = rho * scoreOnPrompts(sweep.prompts, sweep.post, choosing).validity
  let remaining = qualifying(sweep, baselinesOfKind(sweep, kind), minimumValidity)
  const best: TakenRival[] = []
  for (;;) {
    const [next] = mostDiverse(remaining, ({ chosen }) => chosen)
    if (next === undefined) return best
    best.push(next.rival)
    remaining = remaining.filter((candidate) => candidate !== next)
  }
}

interface Comparing extends Pick<Selection, 'minimumValidity' | 'rho'> {
  range: RangeScore
  tempered: readonly Tempered[]
  check: CheckResult | null
}

/**
 * Compares baselines with the selected range. They are the best baseline of each kind by the selection rule, the two
 * layer halves of the range, and the controls of the same length.
 */
function* compareRivals(
  sweep: SelectionInput,
  { range, tempered, minimumValidity, rho, check }: Comparing,
  seed: number
): Steps<RivalComparison[]> {
  const { prompts, halves } = sweep
  const reporting = halves?.report ?? [...prompts.keys()]
  const on = (score: Score): Score => scoreOnPrompts(prompts, score, reporting)
  const best = <Baseline extends RivalComparison['rival']>(
    candidates: readonly { rival: Baseline; score: Score }[],
    isRejected: (baseline: Baseline) => boolean = () => false
  ): Candidate[] => {
    const qualified = qualifying(sweep, candidates, minimumValidity)
    const accepted = qualified.filter(({ rival }) => !isRejected(rival))
    return mostDiverse(accepted.length === 0 ? qualified : accepted, ({ chosen }) => chosen).slice(0, 1)
  }
  const failsCheck = (baseline: TakenRival): boolean => {
    const checked = checkOfBaseline(check, baseline)
    return check !== null && checked !== null && !passesCheck(checked, check, rho)
  }
  const taken = [
    ...BASELINE_KINDS.flatMap((kind) => best(baselinesOfKind(sweep, kind), failsCheck)),
    ...best(otherwiseDrawn(sweep, range, tempered)),
    ...halvesAlone(sweep, range),
    ...controls(sweep, range)
  ]
  const { categories } = promptsByCategory(reporting.map((index) => elementAt(prompts, index, 'prompt')))
  const selected = on(range)
  const compared: RivalComparison[] = []
  for (const { rival, score } of taken) {
    yield
    const reported = on(score)
    const validity = difference(reported, selected, 'validity', categories, seed)
    yield
    const diversity = difference(reported, selected, 'diversity', categories, seed)
    if (check !== null) yield
    compared.push({
      rival,
      validity: reported.validity,
      diversity: reported.diversity,
      promptCount: reporting.length,
      difference: { validity, diversity },
      answers:
        check === null ? null : comparedAnswers(check, { rival, range, rho, reporting, categories, seed })
    })
  }
  return compared
}

/** Returns the full answers of a baseline, or null if they were not checked. */
function answersOf(check: CheckResult, rival: RivalComparison['rival']): WholeAnswers | null {
  if (rival.kind === 'tempered') return null
  if (rival.kind === 'control') return checkOfRange(check, rival.range)
  if (rival.kind !== 'half') return checkOfBaseline(check, rival)
  return checkOf(check, layersModel(halfStrengths(rival.range, rival.half, check.layerCount, check.source)))
}

interface AnswersCompared {
  rival: RivalComparison['rival']
  range: RangeScore
  rho: number
  /** Indices of the hold-out prompts, or of all prompts of a sweep that is not split. */
  reporting: readonly number[]
  /** Indices into `reporting`. */
  categories: readonly (readonly number[])[]
  seed: number
}

/** Compares a baseline with the selected range on full answers. Null unless both have checked answers by prompt. */
function comparedAnswers(
  check: CheckResult,
  { rival, range, rho, reporting, categories, seed }: AnswersCompared
): RivalComparison['answers'] {
  const ofBaseline = answersOf(check, rival)?.prompts
  const ofRange = checkOfRange(check, range)?.prompts
  if (ofBaseline === undefined || ofRange === undefined) return null
  const on = (prompts: readonly CategoryScore[]): { prompts: CategoryScore[] } => ({
    prompts: reporting.map((index) => elementAt(prompts, index, 'prompt'))
  })
  const baseline = on(ofBaseline)
  const selected = on(ofRange)
  const meanOf = (measure: keyof CategoryScore): number =>
    mean(
      categories.map((category) =>
        mean(category.map((index) => elementAt(baseline.prompts, index, 'prompt')[measure]))
      )
    )
  return {
    validity: meanOf('validity'),
    diversity: meanOf('diversity'),
    minimumValidity: answerLimit(check, rho),
    difference: {
      validity: difference(baseline, selected, 'validity', categories, seed),
      diversity: difference(baseline, selected, 'diversity', categories, seed)
    }
  }
}

/** Lists the uniform blends without strength 0, which is post, and strength 1, which is a range. */
const blendsOf = (soup: SelectionInput['soup']): { rival: TakenRival; score: Score }[] =>
  soup
    .filter(({ strength }) => strength > 0 && strength < 1)
    .map((score) => ({ rival: { kind: 'blend', strength: score.strength }, score }))

/** Lists scores of the selected range under other samplers. Scores equal to the range's own are left out. */
function otherwiseDrawn(
  sweep: SelectionInput,
  { start, end, validity, diversity }: RangeScore,
  tempered: readonly Tempered[]
): Candidate[] {
  const sweepSampler = samplerOfSweep(sweep)
  return tempered
    .filter(
      ({ sampler }) => sampler.temperature !== sweepSampler.temperature || sampler.minP !== sweepSampler.minP
    )
    .filter(({ score }) => score.validity !== validity || score.diversity !== diversity)
    .map(({ sampler, score }) => ({ rival: { kind: 'tempered', range: { start, end }, ...sampler }, score }))
}

/** Lists scored recipes that restore only one half of the selected range's layers. */
function halvesAlone(
  { recipes, layerCount, source }: SelectionInput,
  { start, end }: RangeScore
): Candidate[] {
  const scored = new Map(
    recipes.map((score) => [weightsKey({ kind: 'recipe', recipe: score.recipe }), score])
  )
  return LayerHalf.options.flatMap((half): Candidate[] => {
    const range = { start, end }
    const score = scored.get(weightsKey(layersModel(halfStrengths(range, half, layerCount, source))))
    return score === undefined ? [] : [{ rival: { kind: 'half', half, range }, score }]
  })
}

/**
 * Lists the first, the middle and the last range of the selected length. The selected range itself and ranges that
 * were not scored are left out.
 */
function controls({ ranges, layerCount }: SelectionInput, selected: RangeScore): Candidate[] {
  const length = selected.end - selected.start + 1
  const latest = layerCount - length
  const places = [
    ['earliest', 0],
    ['median', Math.floor(latest / 2)],
    ['latest', latest]
  ] as const
  const seen = new Set([selected.start])
  return places.flatMap(([place, start]): Candidate[] => {
    const range = { start, end: start + length - 1 }
    const score = ranges.find((other) => spanKey(other) === spanKey(range))
    if (seen.has(start) || score === undefined) return []
    seen.add(start)
    return [{ rival: { kind: 'control', place, range }, score }]
  })
}

/** Tests the difference of two models by sign flips over prompts. Every category has the same weight. */
function difference(
  score: { prompts: readonly CategoryScore[] },
  selected: { prompts: readonly CategoryScore[] },
  measure: keyof CategoryScore,
  categories: readonly (readonly number[])[],
  seed: number
): ReturnType<typeof signFlip> {
  const indices = categories.flat()
  const weights = categories.flatMap((category) => category.map(() => 1 / category.length))
  const differences = indices.map(
    (index) =>
      elementAt(score.prompts, index, 'prompt')[measure] -
      elementAt(selected.prompts, index, 'prompt')[measure]
  )
  return signFlip(differences, weights, seed)
}
