import { checkOf, checkOfRange, type CheckResult, passesCheck } from '../documents/answer-check'
import { capitalised, formatCount, formatScore, plural, rangePhrase } from './format'
import { checkFailureWords } from './range-facts'
import { roughTime } from './plan-words'
import { scoreWords, type ScoreWords } from './score-words'
import type { Recipe, RestorationRange } from '../model/recipe'
import type { RestoredTo } from '../model/checkpoint'
import { nameStrengths, phraseStrengths, recipeStrengths, strengthWords } from '../model/strengths'
import type { SweepDocument } from '../documents/crc'
import type { HeldOut, SearchDocument, SearchMethodName, SearchSettings } from '../documents/search'

/** Progress of a search and the reason for its end. */
type Course = Pick<SearchDocument, 'generations' | 'stopped' | 'settings'>

/** Reports whether the budget was too small for one generation. */
export const triedNothing = ({
  generations,
  stopped
}: Pick<Course, 'stopped'> & { generations: readonly { candidates: number }[] }): boolean =>
  stopped === 'budget' && generations.every(({ candidates }) => candidates === 0)

/** Result of a search. */
export interface SearchFinding {
  /** Claims no more than was measured. Full answers outrank first tokens. */
  words: string
  /** True if the best recipe needs a full-answer check next. */
  checkNext: boolean
}

/**
 * Describes the result of a search, including the full-answer check of the best recipe.
 *
 * @param check check of the sweep that the search started from, or null.
 * @param rho share of post's validity that full answers must keep
 */
export function searchFinding(
  {
    verdict,
    found,
    range,
    heldOut,
    scoredBy,
    source,
    ...course
  }: Pick<SearchDocument, 'verdict' | 'range' | 'heldOut' | 'scoredBy' | 'source' | 'layerCount'> &
    Course & {
      found: readonly { recipe: Recipe }[]
    },
  check: CheckResult | null,
  rho: number
): SearchFinding {
  const [best] = found
  const words = scoreWords(scoredBy)
  if (triedNothing(course)) {
    const budget = plural(course.settings.blockEvaluations, 'block evaluation')
    return {
      words: `Nothing was tried. A budget of ${budget} is too small for one generation: increase it.`,
      checkNext: false
    }
  }
  const { more } = words
  const against = comparedWith(range.range, source, check, rho)
  if (verdict === 'none' || best === undefined) {
    return { words: `No recipe that was tried is ${more} than ${against}.`, checkNext: false }
  }
  const name = phraseRecipe(best.recipe, course.layerCount)
  const first = name === best.recipe.name ? name : capitalised(name)
  const claim =
    verdict === 'confirmed'
      ? `is ${more} than ${against}, and the gain holds on prompts that did not select it`
      : `is ${more} than ${against} on the prompts that selected it, ${unprovenWords(heldOut, rho, words)}`
  if (scoredBy.kind === 'task') return { words: `${first} ${claim}.`, checkNext: false }
  const checked = checkOf(check, { kind: 'recipe', recipe: best.recipe })
  if (check === null || checked === null) {
    return {
      words: `On first tokens only, ${name} ${claim}. Full answers are not checked.`,
      checkNext: true
    }
  }
  if (!passesCheck(checked, check, rho)) {
    const why = checkFailureWords(checked, check, rho)
    return { words: `${first} fails the check: ${why}. On first tokens it ${claim}.`, checkNext: false }
  }
  const { answers } = checked
  const validityWords = `validity ${formatScore(answers.validity)} on full answers`
  const scores = `diversity ${formatScore(answers.diversity)} at ${validityWords}`
  const { diversity, validity } = check.post.answers
  const postScores = `post ${formatScore(diversity)} at ${formatScore(validity)}`
  return {
    words: `On first tokens, ${name} ${claim}. It passes the check: ${scores} (${postScores}).`,
    checkNext: false
  }
}

/** Names a recipe in a sentence by its layers, unless it has a name or too many layers. */
function phraseRecipe(recipe: Recipe, layerCount: number): string {
  const layers = recipeStrengths(recipe, layerCount)
  if (recipe.name !== nameStrengths(layers)) return recipe.name
  const phrase = phraseStrengths(layers)
  return phrase.length > recipe.name.length ? 'the best recipe' : phrase
}

/** Explains why a gain may not hold on unseen prompts. */
function unprovenWords(heldOut: SearchDocument['heldOut'], rho: number, { validity }: ScoreWords): string {
  if (heldOut === null || heldOut.interval[0] <= 0) return 'but the gain on unseen ones is uncertain'
  const least = rho * heldOut.post.validity
  const scores = `${formatScore(heldOut.found.validity)} of ${formatScore(least)} required`
  return `and on unseen ones too, but ${validity} is too low there: ${scores}`
}

/** Describes the prompts of the comparison on unseen prompts. */
export const heldOutWords = ({ split }: Pick<HeldOut, 'split'>): string =>
  split === undefined
    ? 'searched on one half of the prompts and compared on the other, both ways'
    : `searched on ${plural(split.selectionPromptCount, 'question')} and ` +
      `compared on the other ${split.holdOutPromptCount}`

/** Names the reference of a search. A later check may have rejected it. */
function comparedWith(
  range: RestorationRange | null,
  source: RestoredTo,
  check: CheckResult | null,
  rho: number
): string {
  if (range === null) return 'post'
  const checked = checkOfRange(check, range)
  const fails = check !== null && checked !== null && !passesCheck(checked, check, rho)
  return fails
    ? `${rangePhrase(range, source)} (which ${range.start === range.end ? 'fails' : 'fail'} the check)`
    : rangePhrase(range, source)
}

/** Names of the search methods, and a sentence on each. */
export const METHOD_WORDS: Readonly<Record<SearchMethodName, { name: string; does: string }>> = {
  greedy: {
    name: 'Greedy',
    does: 'Grows the best range in steps: a layer, attention or MLP only, half a strength, a second range.'
  },
  beam: {
    name: 'Beam',
    does: 'Like greedy, but continues with several of the best recipes.'
  },
  subsets: {
    name: 'Subsets',
    does: 'Restores layers in every combination and rates each layer. Deep models: in random orders.'
  },
  strengths: {
    name: 'Strengths',
    does: 'Raises diversity step by step along the slope of every layer’s strength, and keeps validity.'
  }
}

/**
 * Estimates the maximum time of a search, cross-fitting included, from the pace of the sweep that it starts from.
 * Only prompts that the sweep computed itself count.
 */
export function searchTimeWords(
  { blockEvaluations }: Pick<SearchSettings, 'blockEvaluations'>,
  sweep: Pick<SweepDocument, 'seconds' | 'work' | 'reusedPromptCount' | 'memory'> & {
    readonly prompts: readonly unknown[]
  }
): string {
  const computed = sweep.prompts.length - sweep.reusedPromptCount
  const groups = sweep.memory?.groupCount ?? 1
  if (computed === 0 || sweep.work.blockEvaluations === 0)
    return 'The time is unknown: this sweep was copied from an earlier one and has no pace.'
  const secondsEach =
    ((sweep.seconds * groups) / sweep.work.blockEvaluations) * (sweep.prompts.length / computed)
  const time = roughTime(blockEvaluations * secondsEach)
  return `At most about ${time} at this sweep's pace. A search that finds nothing better ends earlier.`
}

/** Describes the settings of a search, without budget and seed. */
export function searchSettingsWords(settings: SearchSettings): string {
  switch (settings.method) {
    case 'greedy':
    case 'beam':
      return (
        `${settings.method === 'greedy' ? 'greedy' : `a beam of ${settings.beam}`}, at most ` +
        `${plural(settings.generations, 'generation')}, ` +
        (settings.strengths.length === 0
          ? 'no blends'
          : `strengths ${settings.strengths.map(strengthWords).join(', ')} besides 0 and 1`)
      )
    case 'subsets':
      return settings.orderPairs === 0
        ? 'all subsets of layers'
        : `subsets along ${formatCount(2 * settings.orderPairs)} random orders of layers, and joined best ranges`
    case 'strengths': {
      const layers = settings.halves ? "each layer's attention and MLP" : 'each layer'
      const starts = settings.starts.join(' and the best ')
      return `the strengths of ${layers}${boundWords(settings)}, from the best ${starts}`
    }
  }
}

/** Describes how many recipes a search tried and why it ended. */
export function triedWords(search: Course): string {
  const { generations } = search
  const candidates = generations.reduce((sum, generation) => sum + generation.candidates, 0)
  if (candidates === 0 && search.stopped === 'nothing-better') return 'no recipe beyond those of the sweep'
  return `${plural(candidates, 'recipe')} in ${plural(generations.length, 'generation')}, ${endWords(search)}`
}

function endWords({ settings, stopped }: Course): string {
  if (stopped === 'generations') return 'until the limit of generations'
  if (stopped === 'budget') return 'until the budget was used'
  return settings.method === 'subsets' ? 'until all were tried' : 'until no change made it better'
}

/** Describes strengths beyond 0 and 1; empty if they are not allowed. */
const boundWords = ({ least, most }: { least: number; most: number }): string =>
  least === 0 && most === 1 ? '' : ` between ${strengthWords(least)} and ${strengthWords(most)}`
