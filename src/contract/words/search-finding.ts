import { checkOf, checkOfRange, type FullAnswerScores, passesCheck } from '../documents/answer-check'
import type { CategoryScore } from '../documents/crc'
import type { SearchDocument } from '../documents/search'
import type { ShownVerdict, VerdictCaveat, VerdictStep } from '../documents/verdict'
import type { Recipe } from '../model/recipe'
import { nameStrengths, phraseStrengths, recipeStrengths } from '../model/strengths'
import { isSurelyMoreDiverse, strongestBaseline } from './baseline-words'
import { capitalised, formatDelta, formatDeltas, formatScore, plural, rangePhrase } from './format'
import { checkFailureWords } from './range-facts'
import type { CheckEvidence } from './recipe-check'
import { type ScoreWords, scoreWords } from './score-words'
import { triedNothing } from './search-words'
import { actionFor, betterModelOf } from './better-model'

type SearchResult = Pick<
  SearchDocument,
  | 'verdict'
  | 'range'
  | 'heldOut'
  | 'comparison'
  | 'scoredBy'
  | 'source'
  | 'layerCount'
  | 'generations'
  | 'stopped'
  | 'settings'
> & { found: readonly (CategoryScore & { recipe: Recipe })[] }

/** Results of the sweep that a search started from. */
export interface SearchEvidence extends CheckEvidence {
  readonly promptCount: number
}

const SEARCH_AGAIN: VerdictStep = { kind: 'search', text: 'Search with another method.' }

/** Describes the result of a search in the form of a verdict. */
export function searchFinding(search: SearchResult, evidence: SearchEvidence): ShownVerdict {
  const [best] = search.found
  if (triedNothing(search)) return nothingTried(search)
  return search.verdict === 'none' || best === undefined
    ? nothingBetter(search, evidence)
    : new BestRecipe(search, best, evidence).finding()
}

function nothingTried({ settings }: SearchResult): ShownVerdict {
  const budget = plural(settings.blockEvaluations, 'block evaluation')
  return {
    state: 'none-qualifies',
    headline: `Nothing was tried: a budget of ${budget} is too small for one generation.`,
    caveats: [],
    better: null,
    next: { kind: 'limit', text: 'Search again with a larger budget.' }
  }
}

function nothingBetter(search: SearchResult, evidence: SearchEvidence): ShownVerdict {
  const { range, scoredBy } = search
  const words = scoreWords(scoredBy)
  const checked = range.range === null ? null : checkOfRange(evidence.check, range.range)
  const { diversity, validity } = range
  const scores = `${words.diversity} ${formatScore(diversity)} at ${words.validity} ${formatScore(validity)}`
  const caveats = baselineCaveats(search, evidence, { firstToken: range, answers: checked?.answers ?? null })
  return {
    state: 'none-qualifies',
    headline: `No recipe that was tried is ${words.more} than ${referencePhrase(search, evidence)}: ${scores}.`,
    caveats,
    better: caveats[0]?.better ?? null,
    next: SEARCH_AGAIN
  }
}

/** The best recipe of a search, and the findings about it. */
class BestRecipe {
  private readonly words: ScoreWords
  private readonly isTask: boolean
  private readonly checked: FullAnswerScores | null
  private readonly name: string

  constructor(
    private readonly search: SearchResult,
    private readonly best: CategoryScore & { recipe: Recipe },
    private readonly evidence: SearchEvidence
  ) {
    this.words = scoreWords(search.scoredBy)
    this.isTask = search.scoredBy.kind === 'task'
    this.checked = this.isTask ? null : checkOf(evidence.check, { kind: 'recipe', recipe: best.recipe })
    const phrase = recipePhrase(best.recipe, search.layerCount)
    this.name = phrase === best.recipe.name ? phrase : capitalised(phrase)
  }

  finding(): ShownVerdict {
    const failure = this.failure()
    const baseline = baselineCaveats(this.search, this.evidence, {
      firstToken: this.best,
      answers: this.checked?.answers ?? null
    })
    const doubts = failure === null ? [...this.unproven(), ...baseline, ...this.unchecked()] : baseline
    return {
      state: failure === null ? (doubts[0]?.state ?? 'holds') : 'check-failed',
      headline: `${failure ?? this.scoresText()} ${this.gainText()}`,
      caveats: doubts,
      better: baseline[0]?.better ?? null,
      next: failure === null ? this.nextStep(doubts) : SEARCH_AGAIN
    }
  }

  /** Says that a recipe fails the full-answer check; null if it passes or was not checked. */
  private failure(): string | null {
    const { check, rho } = this.evidence
    if (this.checked === null || check === null || passesCheck(this.checked, check, rho)) return null
    return `${this.name} fails the check: ${checkFailureWords(this.checked, check, rho)}.`
  }

  private scoresText(): string {
    const { diversity, validity } = this.checked?.answers ?? this.best
    const { words } = this
    const scores = `${words.diversity} ${formatScore(diversity)} at ${words.validity} ${formatScore(validity)}`
    if (this.isTask) return `${this.name}: ${scores}.`
    return this.checked === null
      ? `${this.name}, not checked: ${scores} on first tokens.`
      : `${this.name}: ${scores} on full answers.`
  }

  /** States the gain over the best range, on unseen prompts if there are any. */
  private gainText(): string {
    const { heldOut, comparison } = this.search
    const compared = heldOut ?? comparison
    const reference = referencePhrase(this.search, this.evidence)
    if (compared === null) return `It is ${this.words.more} than ${reference}.`
    const count = heldOut?.split?.holdOutPromptCount ?? this.evidence.promptCount
    const prompts = plural(count, `${heldOut === null ? 'selection' : 'unseen'} ${this.words.prompt}`)
    const basis = this.checked === null ? '' : ', by first tokens'
    const gain = `${formatDelta(compared.difference)} (${formatDeltas(compared.interval)})`
    return `Over ${reference}: ${gain} on ${prompts}${basis}.`
  }

  /** Says why the gain may not hold on unseen prompts. */
  private unproven(): VerdictCaveat[] {
    if (this.search.verdict === 'confirmed') return []
    const { prompt } = this.words
    const action: VerdictStep = { kind: 'prompts', text: `Add ${prompt}s and sweep again, then search.` }
    const text = this.unseenValidity() ?? `The gain on unseen ${prompt}s is uncertain.`
    return [{ state: 'unstable', text, action, better: null }]
  }

  /** Says that validity is too low on unseen prompts; null if the gain itself is uncertain there. */
  private unseenValidity(): string | null {
    const { heldOut } = this.search
    if (heldOut === null || heldOut.interval[0] <= 0) return null
    const { prompt, validity } = this.words
    const required = formatScore(this.evidence.rho * heldOut.post.validity)
    return `On unseen ${prompt}s, ${validity} is ${formatScore(heldOut.found.validity)} of ${required} required.`
  }

  private unchecked(): VerdictCaveat[] {
    if (this.isTask || this.checked !== null) return []
    const text = 'Full answers are not checked: a valid first token may begin an invalid answer.'
    const action: VerdictStep = { kind: 'check', text: 'Check full answers.' }
    return [{ state: 'unchecked', text, action, better: null }]
  }

  /** Suggests to check first, then to add prompts, then to evaluate. */
  private nextStep(doubts: readonly VerdictCaveat[]): VerdictStep {
    const [first] = ['check', 'prompts'].flatMap((kind) => doubts.filter(({ action }) => action.kind === kind))
    return first?.action ?? { kind: 'evaluate', text: 'Evaluate a task before you rely on it.' }
  }
}

/** Names a recipe in a sentence by its layers, unless it has a name or too many layers. */
function recipePhrase(recipe: Recipe, layerCount: number): string {
  const layers = recipeStrengths(recipe, layerCount)
  if (recipe.name !== nameStrengths(layers)) return recipe.name
  const phrase = phraseStrengths(layers)
  return phrase.length > recipe.name.length ? 'the best recipe' : phrase
}

/** Names the model that a search compares with. A later check may have rejected it. */
function referencePhrase({ range: { range }, source }: SearchResult, { check, rho }: SearchEvidence): string {
  if (range === null) return 'post'
  const checked = checkOfRange(check, range)
  const fails = check !== null && checked !== null && !passesCheck(checked, check, rho)
  const phrase = rangePhrase(range, source)
  return fails ? `${phrase} (which ${range.start === range.end ? 'fails' : 'fail'} the check)` : phrase
}

/** Names the baseline that is significantly better than the sweep's range, if it is also more diverse than a model. */
function baselineCaveats(
  { scoredBy, layerCount, source }: SearchResult,
  { selection }: SearchEvidence,
  { firstToken, answers }: { firstToken: CategoryScore; answers: CategoryScore | null }
): VerdictCaveat[] {
  const baseline = selection === null ? null : strongestBaseline(selection)
  if (baseline === null || !isSurelyMoreDiverse(baseline)) return []
  const isOnFullAnswers = baseline.answers !== null && answers !== null
  const { diversity } = (isOnFullAnswers ? baseline.answers : null) ?? baseline
  const ofModel = (isOnFullAnswers ? answers : firstToken).diversity
  if (diversity <= ofModel) return []
  const answersBasis = isOnFullAnswers ? 'full answers' : 'first tokens'
  const basis = scoredBy.kind === 'task' ? 'task' : answersBasis
  const better = betterModelOf(baseline, basis, { layerCount, source })
  const on = basis === 'task' ? '' : ` on ${basis}`
  const scores = `${scoreWords(scoredBy).diversity} ${formatScore(diversity)} against ${formatScore(ofModel)}`
  const text = `${capitalised(better.phrase)} does better${on}: ${scores}.`
  return [{ state: 'baseline-better', text, action: actionFor(better), better }]
}
