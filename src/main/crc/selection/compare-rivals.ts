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
  type SweepDocument
} from '../../../contract/documents/crc'
import { ownSampler } from '../../../contract/documents/scored-by'
import type { Rival } from '../../../contract/model/rival'
import { mostDiverse } from '../../../contract/model/by-diversity'
import { layersModel, weightsKey } from '../../../contract/model/model'
import { halfStrengths, spanKey } from '../../../contract/model/strengths'
import { averageScores } from '../task/scoring'
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
 * Selects a range, and compares it with what else the sweep has scored.
 *
 * @param candidates the sweep's ranges, or those of them that may be selected
 */
export function* selectionOf(
  found: Found,
  candidates: readonly RangeScore[],
  rho: number,
  seed = DEFAULT_SEED
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
    rivals: yield* compareRivals(found, { minimumValidity, range, tempered }, seed),
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

/** A selection compared with what was scored after it. */
export function* comparedAnew(found: Found, selection: Selection): Steps<Selection> {
  const { selected, minimumValidity, bootstrap } = selection
  const range = found.ranges.find(({ start, end }) => start === selected?.start && end === selected.end)
  if (range === undefined) return selection
  const tempered = yield* temperedScores(found, range)
  const rivals = yield* compareRivals(found, { minimumValidity, range, tempered }, bootstrap.seed)
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

const RIVAL_KINDS = ['sampler', 'mix', 'filter'] as const satisfies readonly Rival['kind'][]

/** Of each kind of rival the one that the rule takes, and the controls of the selected length, against the selected range. */
function* compareRivals(
  found: Found,
  {
    range,
    tempered,
    minimumValidity
  }: Pick<Selection, 'minimumValidity'> & { range: RangeScore; tempered: readonly Tempered[] },
  seed: number
): Steps<RivalComparison[]> {
  const { prompts, post, soup, rivals, halves } = found
  const all = prompts.map((_, index) => index)
  const on = (score: Score, indices: readonly number[]): Score => onSome(prompts, score, indices)
  const choosing = halves?.choose ?? all
  const reporting = halves?.report ?? all
  const least = on(post, choosing).diversity
  const best = (candidates: readonly Candidate[]): Candidate[] => {
    const qualify = candidates
      .map((candidate) => ({ ...candidate, chosen: on(candidate.score, choosing) }))
      .filter(({ chosen }) => chosen.validity >= minimumValidity && chosen.diversity > least)
    return mostDiverse(qualify, ({ chosen }) => chosen).slice(0, 1)
  }
  const taken = [
    ...best(blendsOf(soup)),
    ...RIVAL_KINDS.flatMap((kind) =>
      best(
        rivals
          .filter(({ rival }) => rival.kind === kind)
          .map((score): Candidate => ({ rival: score.rival, score }))
      )
    ),
    ...best(otherwiseDrawn(found, range, tempered)),
    ...halvesAlone(found, range),
    ...controls(found, range)
  ]
  const { categories } = promptsByCategory(reporting.map((index) => at(prompts, index, 'prompt')))
  const selected = on(range, reporting)
  const compared: RivalComparison[] = []
  for (const { rival, score } of taken) {
    yield
    const reported = on(score, reporting)
    const validity = difference(reported, selected, 'validity', categories, seed)
    yield
    const diversity = difference(reported, selected, 'diversity', categories, seed)
    compared.push({
      rival,
      validity: reported.validity,
      diversity: reported.diversity,
      promptCount: reporting.length,
      difference: { validity, diversity }
    })
  }
  return compared
}

/** Without its ends, which are post itself, and a range. */
const blendsOf = (soup: Found['soup']): Candidate[] =>
  soup
    .filter(({ strength }) => strength > 0 && strength < 1)
    .map((score) => ({ rival: { kind: 'blend', strength: score.strength }, score }))

/** The selected range under other samplers; under the sweep's own, or the one that is asked about, it is the range itself. */
function otherwiseDrawn(
  found: Found,
  { start, end, validity, diversity }: RangeScore,
  tempered: readonly Tempered[]
): Candidate[] {
  const own = ownSampler(found)
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
  score: Score,
  selected: Score,
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
