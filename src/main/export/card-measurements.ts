import { answerLimit, checkOf, type CheckResult } from '../../contract/documents/answer-check'
import type { CategoryScore, Score, Selection } from '../../contract/documents/crc'
import type { Verdict } from '../../contract/documents/verdict'
import type { ScoredByBrief } from '../../contract/documents/scored-by'
import type { AnyModel } from '../../contract/model/model'
import type { Recipe } from '../../contract/model/recipe'
import type { Assurance } from '../../contract/words/assurances'
import { type EvaluationVerdict, verdictSentence } from '../../contract/words/evaluation-verdict'
import { askedWords } from '../../contract/words/evaluation-words'
import { capitalised, formatPercent, formatScore, plural } from '../../contract/words/format'
import { exactness } from '../../contract/words/range-facts'
import { isGood, verdictText } from '../../contract/words/verdict'
import { recipeCheck } from '../../contract/words/recipe-check'
import {
  bestBaseline,
  baselineName,
  basisWords,
  baselineSentence,
  tooFewWords
} from '../../contract/words/baseline-words'
import { scoredByWords, scoreWords } from '../../contract/words/score-words'
import { onSelectionPrompts } from '../../contract/words/split-words'
import { inlineMarkdown } from '../base/markdown-text'

/** What a sweep that has scored the model says of it. */
export interface CardScores {
  scoredBy: ScoredByBrief
  recipe: Score
  post: Score
  base: Score | null
  promptCount: number
  /** Of the sweep, with the project's rho of now. */
  selection: Selection
  /** What the sweep found, and how sure that is, where the model is the range that it selects; null where it is not. */
  found: { verdict: Verdict; sure: readonly Assurance[] } | null
  /** Of whole answers; null where none were checked. */
  check: CheckResult | null
}

/** What an evaluation says of the model. */
export interface CardEvaluation extends Pick<EvaluationVerdict, 'verdict' | 'figures' | 'but' | 'good'> {
  task: string
  promptCount: number
  /** To each prompt. */
  sampleCount: number
  comparedWith: string
  /** False where it was stopped. */
  complete: boolean
}

/** All that a project has measured of the model that is exported. */
export interface Measured {
  recipe: Recipe
  /** Of each scoring at most one, what chose the model first; none where no sweep has scored it. */
  scores: readonly CardScores[]
  evaluations: readonly CardEvaluation[]
}

/** Without a project nothing is known of a recipe. */
export const nothingMeasured = ({ recipe }: Pick<Measured, 'recipe'>): Measured => ({
  recipe,
  scores: [],
  evaluations: []
})

/** Whether the model was shown to do what it is made for, in a sentence that claims no more than was measured. */
export function foundWords({ recipe, scores, evaluations }: Measured): string {
  // The verdict of a sweep says what its evaluation found.
  const isSaid = scores.some(({ found }) => (found?.verdict.evaluationId ?? null) !== null)
  const worse = isSaid ? [] : evaluations.filter(({ good }) => good === false)
  const losses =
    worse.length === 0
      ? ''
      : ` Evaluated, it is ${worse.map((found) => `${inlineMarkdown(verdictSentence(found))} (${inlineMarkdown(found.task)})`).join(', ')}.`
  if (scores.length === 0)
    return evaluations.length === 0
      ? 'Nothing that was measured of this model is known here.'
      : `Whether it keeps its validity on the character task was not measured.${losses}`
  return `${scores.map((each) => foundBy(recipe, each)).join(' ')}${losses}`
}

/** By one sweep: with what puts the model in doubt where the sweep selects it. */
function foundBy(recipe: Recipe, scores: CardScores): string {
  const { scoredBy, check, selection, found } = scores
  const { more, validity } = scoreWords(scoredBy)
  const by =
    scoredBy.kind === 'crc'
      ? 'on first tokens of the character task'
      : `by whole answers to the task “${inlineMarkdown(scoredBy.task.name)}”`
  const reason = shortfall(scores)
  if (reason !== null) return `**This one was not found to do so: ${by} its ${reason}.**`
  const doubt =
    found === null || isGood(found.verdict)
      ? ''
      : ` The sweep that selects it says: **${inlineMarkdown(found.verdict.headline)}**`
  const kept = `it is ${more} than the post-trained model at the ${validity} asked for`
  if (scoredBy.kind === 'task') return `${capitalised(by)} ${kept}.${doubt}`
  const { state, words } = recipeCheck(
    { check, rho: selection.rho, selection },
    recipe,
    scores.recipe.validity
  )
  if (state === 'check-failed') return `**This one was not found to do so: it ${words}.**`
  return state === 'unchecked'
    ? `${capitalised(by)} ${kept}; full answers were not checked.${doubt}`
    : `On the character task ${kept}, on full answers too.${doubt}`
}

/** The sections of a card that say what was measured; none where nothing was. */
export const measuredSections = ({ recipe, scores, evaluations }: Measured): string[] => [
  ...(scores.length === 0 ? [] : ['## Scores', ...scores.map((each) => scoreTable(recipe, each))]),
  ...(evaluations.length === 0 ? [] : ['## Evaluations', evaluationTable(evaluations)])
]

function scoreTable(recipe: Recipe, scores: CardScores): string {
  const { scoredBy, post, base, promptCount, found } = scores
  const { validity, diversity, prompt } = scoreWords(scoredBy)
  const row = (name: string, score: CategoryScore): string =>
    `| ${name} | ${score.diversity.toFixed(3)} | ${score.validity.toFixed(3)} |`
  const by =
    scoredBy.kind === 'crc'
      ? 'Constrained Random Character, exact next-token scores'
      : capitalised(inlineMarkdown(scoredByWords(scoredBy)))
  return [
    `${by} over ${plural(promptCount, prompt)}:`,
    '',
    `| | ${diversity} | ${validity} |`,
    '| --- | --- | --- |',
    row('this model', scores.recipe),
    row('post-trained', post),
    ...(base === null ? [] : [row('pre-trained', base)]),
    '',
    ...[
      found === null ? null : `Found: ${verdictText(found.verdict)}`,
      limitWords(scores),
      intervalWords(scores),
      ...(found?.sure.map(({ label, value, detail }) => `${label}: ${value}, ${detail}.`) ?? []),
      wholeWords(recipe, scores),
      rivalWords(scores)
    ]
      .filter((words) => words !== null)
      .map((words) => `- ${words}`)
  ].join('\n')
}

/** Why the rule of the sweep does not let the model in; null where it does. */
function shortfall({ scoredBy, recipe, post, selection }: CardScores): string | null {
  const { minimumValidity, rho, reported } = selection
  const words = scoreWords(scoredBy)
  const ofPost =
    reported === null ? ` ${formatScore(post.validity)}` : onSelectionPrompts(selection, words, 'on')
  if (recipe.validity < minimumValidity) {
    return (
      `${words.validity} ${formatScore(recipe.validity)} is below the limit of ${formatScore(minimumValidity)}, ` +
      `${formatPercent(rho)} of post's${ofPost}`
    )
  }
  return recipe.diversity > post.diversity
    ? null
    : `${words.diversity} ${formatScore(recipe.diversity)} is not above post's ${formatScore(post.diversity)}`
}

function limitWords(scores: CardScores): string {
  const { scoredBy, selection } = scores
  const reason = shortfall(scores)
  if (reason !== null) return `Limit: not kept, ${reason}.`
  return `Limit: kept, at least ${formatScore(selection.minimumValidity)} of ${scoreWords(scoredBy).validity} was asked for, ${formatPercent(selection.rho)} of post's${onSelectionPrompts(selection, scoreWords(scoredBy), 'on')}.`
}

/** Of the selected range alone, and where the prompts are enough; of a half that chose nothing it is said with the gain. */
function intervalWords({ scoredBy, selection, found, promptCount }: CardScores): string | null {
  if (found === null)
    return 'Intervals: not computed for this model, only for the range that the sweep selects.'
  const words = scoreWords(scoredBy)
  const { selected, confidence, resamples } = selection.bootstrap
  const isTold = selection.reported === null && tooFewWords(promptCount, selection, words) === null
  if (!isTold || selected === null) return null
  const interval = ([low, high]: readonly [number, number]): string =>
    `${formatScore(low)} to ${formatScore(high)}`
  return (
    `Intervals, ${formatPercent(confidence)} over ${plural(resamples, 'bootstrap resample')} of the ${words.prompt}s, of a range that the same ` +
    `${words.prompt}s chose: ${words.validity} ${interval(selected.validity)}, ${words.diversity} ${interval(selected.diversity)}.`
  )
}

/** Null for a task, whose scores are of whole answers. */
function wholeWords(recipe: Recipe, { scoredBy, check, selection }: CardScores): string | null {
  if (scoredBy.kind === 'task') return null
  const model: AnyModel = { kind: 'recipe', recipe }
  const checked = checkOf(check, model)
  if (check === null || checked === null)
    return 'Full answers: not checked. These are scores of the first token, and a valid first token may begin an invalid answer.'
  const { words } = recipeCheck({ check, rho: selection.rho, selection: null }, recipe, null)
  return (
    `Full answers: ${words} (limit ${formatScore(answerLimit(check, selection.rho))}). The probability that an answer is one valid character and then ends, ` +
    `${exactness(checked)}: validity ${formatScore(checked.answers.validity)} (post-trained ` +
    `${formatScore(check.post.answers.validity)}) and diversity ${formatScore(checked.answers.diversity)} ` +
    `(post-trained ${formatScore(check.post.answers.diversity)}).`
  )
}

/** What else was measured that has more diversity; null where nothing has. */
function rivalWords({ scoredBy, selection, found, recipe, check }: CardScores): string | null {
  const known = found === null ? null : baselineSentence(selection, scoredBy, check)
  if (known !== null) return `Another way: ${known}.`
  const rival = bestBaseline(selection)
  if (rival === null || rival.diversity <= recipe.diversity) return null
  const words = scoreWords(scoredBy)
  const on = scoredBy.kind === 'crc' ? ` ${basisWords(rival, check)}` : ''
  return (
    `Another way: ${baselineName(rival)} has more ${words.diversity}${on} at the ${words.validity} kept, ${formatScore(rival.diversity)} at ${words.validity} ` +
    `${formatScore(rival.validity)}, against ${formatScore(recipe.diversity)} at ${formatScore(recipe.validity)}.`
  )
}

function evaluationTable(evaluations: readonly CardEvaluation[]): string {
  return [
    '| task | asked | found | differences |',
    '| --- | --- | --- | --- |',
    ...evaluations.map(({ task, verdict, but, figures, comparedWith, complete, ...asked }) =>
      [
        `| ${inlineMarkdown(task)}${complete ? '' : ', stopped early'}`,
        askedWords(asked),
        `${verdict}, against ${inlineMarkdown(comparedWith)}${but === null ? '' : `, but ${inlineMarkdown(but)}`}`,
        `${figures === '' ? '–' : figures} |`
      ].join(' | ')
    )
  ].join('\n')
}
