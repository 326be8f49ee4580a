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
import { at } from '../../../contract/model/look-up'
import type { Steps } from '../../base/steps'
import { DEFAULT_SEED } from '../../../contract/model/resampling'

/** What of a sweep decides what is selected, and what that is compared with. */
export type Found = Pick<
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
 * Selects a range, and compares it with the baselines of the sweep.
 *
 * @param candidates the sweep's ranges, or those of them that may be selected
 * @param check full answers of ranges and baselines; null where none were checked
 */
export function* selectionOf(
  found: Found,
  candidates: readonly RangeScore[],
  rho: number,
  seed = DEFAULT_SEED,
  check: CheckResult | null = null
): Steps<Selection> {
  const { halves, scoredBy } = found
  const choosing = halves === null ? found : yield* onPrompts(found, halves.choose)
  const wanted = new Set(candidates.map(spanKey))
  const selected = yield* selection(
    choosing.prompts,
    choosing.post,
    choosing.ranges.filter((one) => wanted.has(spanKey(one))),
    rho,
    seed,
    scoreWords(scoredBy)
  )
  const range = found.ranges.find(
    ({ start, end }) => start === selected.selected?.start && end === selected.selected.end
  )
  if (range === undefined) return selected
  yield
  const tempered = yield* temperedScores(found, range)
  const { minimumValidity } = selected
  return {
    ...selected,
    rivals: yield* compareRivals(found, { minimumValidity, rho, range, tempered, check }, seed),
    reported: halves === null ? null : yield* reportOn(found, range, halves, seed),
    tempered: tempered.map(
      ({ sampler, score: { validity, diversity, effectiveChoices, distinctRight } }) => ({
        ...sampler,
        ...{ validity, diversity, effectiveChoices },
        ...(distinctRight === undefined ? {} : { distinctRight })
      })
    )
  }
}

/** A selection compared again, with baselines that were scored, or checked on full answers, after it. */
export function* comparedAnew(
  found: Found,
  selection: Selection,
  check: CheckResult | null = null
): Steps<Selection> {
  const { selected, minimumValidity, bootstrap, rho } = selection
  const range = found.ranges.find(({ start, end }) => start === selected?.start && end === selected.end)
  if (range === undefined) return selection
  const tempered = yield* temperedScores(found, range)
  const compared = { minimumValidity, rho, range, tempered, check }
  const rivals = yield* compareRivals(found, compared, bootstrap.seed)
  return { ...selection, rivals }
}

/** The same, of some of the prompts. */
function* onPrompts(found: Found, indices: readonly number[]): Steps<Found> {
  const prompts = indices.map((index) => at(found.prompts, index, 'prompt'))
  const of = <Scored extends Score>(score: Scored): Scored => ({
    ...score,
    ...onSome(found.prompts, score, indices)
  })
  const ranges: RangeScore[] = []
  for (const range of found.ranges) {
    ranges.push(of(range))
    yield
  }
  return {
    ...found,
    prompts,
    halves: null,
    post: of(found.post),
    ranges,
    recipes: found.recipes.map(of),
    soup: found.soup.map(of),
    rivals: found.rivals.map(of)
  }
}

/** A score on some of its prompts. */
function onSome(prompts: Found['prompts'], score: Score, indices: readonly number[]): Score {
  if (indices.length === prompts.length) return score
  return averageScores(
    indices.map((index) => at(prompts, index, 'prompt')),
    indices.map((index) => at(score.prompts, index, 'score'))
  )
}

/** What was selected on one half, on the other. */
function* reportOn(
  found: Found,
  range: RangeScore,
  { choose, report }: Halves,
  seed: number
): Steps<Reported> {
  const { prompts, post, ranges } = yield* onPrompts(
    { ...found, ranges: [range], recipes: [], soup: [], rivals: [] },
    report
  )
  const selected = at(ranges, 0, 'range')
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
  /** On the prompts that choose. */
  chosen: Score
}

/** The candidates that the selection rule lets in, on the prompts that choose. */
function qualifying<Baseline>(
  { prompts, post, halves }: Pick<Found, 'prompts' | 'post' | 'halves'>,
  candidates: readonly { rival: Baseline; score: Score }[],
  minimumValidity: number
): Qualified<Baseline>[] {
  const choosing = halves?.choose ?? [...prompts.keys()]
  const minimumDiversity = onSome(prompts, post, choosing).diversity
  return candidates
    .map((candidate) => ({ ...candidate, chosen: onSome(prompts, candidate.score, choosing) }))
    .filter(({ chosen }) => chosen.validity >= minimumValidity && chosen.diversity > minimumDiversity)
}

const baselinesOfKind = (
  { soup, rivals }: Pick<Found, 'soup' | 'rivals'>,
  kind: TakenRival['kind']
): { rival: TakenRival; score: Score }[] =>
  kind === 'blend'
    ? blendsOf(soup)
    : rivals.filter(({ rival }) => rival.kind === kind).map((score) => ({ rival: score.rival, score }))

/** The best baselines of a kind by first tokens, the most diverse first. */
export function bestBaselines(
  found: Pick<Found, 'prompts' | 'post' | 'halves' | 'soup' | 'rivals'>,
  kind: TakenRival['kind'],
  rho: number
): TakenRival[] {
  const choosing = found.halves?.choose ?? [...found.prompts.keys()]
  const minimumValidity = rho * onSome(found.prompts, found.post, choosing).validity
  let left = qualifying(found, baselinesOfKind(found, kind), minimumValidity)
  const best: TakenRival[] = []
  for (;;) {
    const [next] = mostDiverse(left, ({ chosen }) => chosen)
    if (next === undefined) return best
    best.push(next.rival)
    left = left.filter((candidate) => candidate !== next)
  }
}

interface Comparing extends Pick<Selection, 'minimumValidity' | 'rho'> {
  range: RangeScore
  tempered: readonly Tempered[]
  check: CheckResult | null
}

/** Of each kind of baseline the one that the rule takes, and the controls of the selected length, against the selected range. */
function* compareRivals(
  found: Found,
  { range, tempered, minimumValidity, rho, check }: Comparing,
  seed: number
): Steps<RivalComparison[]> {
  const { prompts, halves } = found
  const reporting = halves?.report ?? [...prompts.keys()]
  const on = (score: Score): Score => onSome(prompts, score, reporting)
  const best = <Baseline extends RivalComparison['rival']>(
    candidates: readonly { rival: Baseline; score: Score }[],
    isRejected: (baseline: Baseline) => boolean = () => false
  ): Candidate[] => {
    const qualified = qualifying(found, candidates, minimumValidity)
    const accepted = qualified.filter(({ rival }) => !isRejected(rival))
    return mostDiverse(accepted.length === 0 ? qualified : accepted, ({ chosen }) => chosen).slice(0, 1)
  }
  const failsCheck = (baseline: TakenRival): boolean => {
    const checked = checkOfBaseline(check, baseline)
    return check !== null && checked !== null && !passesCheck(checked, check, rho)
  }
  const taken = [
    ...BASELINE_KINDS.flatMap((kind) => best(baselinesOfKind(found, kind), failsCheck)),
    ...best(otherwiseDrawn(found, range, tempered)),
    ...halvesAlone(found, range),
    ...controls(found, range)
  ]
  const { categories } = promptsByCategory(reporting.map((index) => at(prompts, index, 'prompt')))
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

/** The full answers of what is compared with the selected range; null when they were not checked. */
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
  /** Indices of the prompts that are reported on. */
  reporting: readonly number[]
  /** Indices into `reporting`. */
  categories: readonly (readonly number[])[]
  seed: number
}

/** A baseline against the selected range on full answers; null unless both were checked, prompt by prompt. */
function comparedAnswers(
  check: CheckResult,
  { rival, range, rho, reporting, categories, seed }: AnswersCompared
): RivalComparison['answers'] {
  const ofBaseline = answersOf(check, rival)?.prompts
  const ofRange = checkOfRange(check, range)?.prompts
  if (ofBaseline === undefined || ofRange === undefined) return null
  const on = (prompts: readonly CategoryScore[]): { prompts: CategoryScore[] } => ({
    prompts: reporting.map((index) => at(prompts, index, 'prompt'))
  })
  const baseline = on(ofBaseline)
  const selected = on(ofRange)
  const meanOf = (measure: keyof CategoryScore): number =>
    mean(
      categories.map((category) =>
        mean(category.map((index) => at(baseline.prompts, index, 'prompt')[measure]))
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

/** Without its ends, which are post itself, and a range. */
const blendsOf = (soup: Found['soup']): { rival: TakenRival; score: Score }[] =>
  soup
    .filter(({ strength }) => strength > 0 && strength < 1)
    .map((score) => ({ rival: { kind: 'blend', strength: score.strength }, score }))

/** The selected range under other samplers; under the sweep's own, or the one that is asked about, it is the range itself. */
function otherwiseDrawn(
  found: Found,
  { start, end, validity, diversity }: RangeScore,
  tempered: readonly Tempered[]
): Candidate[] {
  const own = samplerOfSweep(found)
  return tempered
    .filter(({ sampler }) => sampler.temperature !== own.temperature || sampler.minP !== own.minP)
    .filter(({ score }) => score.validity !== validity || score.diversity !== diversity)
    .map(({ sampler, score }) => ({ rival: { kind: 'tempered', range: { start, end }, ...sampler }, score }))
}

/** One half of the selected range's layers alone, where a recipe that restores that was scored. */
function halvesAlone({ recipes, layerCount, source }: Found, { start, end }: RangeScore): Candidate[] {
  const scored = new Map(
    recipes.map((score) => [weightsKey({ kind: 'recipe', recipe: score.recipe }), score])
  )
  return LayerHalf.options.flatMap((half): Candidate[] => {
    const range = { start, end }
    const score = scored.get(weightsKey(layersModel(halfStrengths(range, half, layerCount, source))))
    return score === undefined ? [] : [{ rival: { kind: 'half', half, range }, score }]
  })
}

/** The first, the middle and the last range that are as long as the selected one, but for itself and those that were not scored. */
function controls({ ranges, layerCount }: Found, selected: RangeScore): Candidate[] {
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
    (index) => at(score.prompts, index, 'prompt')[measure] - at(selected.prompts, index, 'prompt')[measure]
  )
  return signFlip(differences, weights, seed)
}
