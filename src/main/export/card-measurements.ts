import { answerLimit, checkOf, type CheckResult } from '../../contract/documents/answer-check'
import type { CategoryScore, Score, Selection } from '../../contract/documents/crc'
import type { AnyModel } from '../../contract/model/model'
import type { Recipe } from '../../contract/model/recipe'
import type { EvaluationVerdict } from '../../contract/words/evaluation-verdict'
import { formatDeltas, formatPercent, formatScore, plural } from '../../contract/words/format'
import { exactness } from '../../contract/words/headline'
import { recipeCheck } from '../../contract/words/recipe-check'
import {
  bestRival,
  comparedName,
  rivalBasis,
  rivalSentence,
  tooFewWords
} from '../../contract/words/rival-words'
import { scoreWords } from '../../contract/words/score-words'
import { inlineMarkdown } from '../base/markdown-text'

const CHARACTERS = { kind: 'crc' } as const

/** What the character task says of the model, where a sweep has scored it. */
export interface CardScores {
  recipe: Score
  post: Score
  base: Score | null
  promptCount: number
  /** Of the sweep, with the project's rho of now. */
  selection: Selection
  /** Whether the model is the selected range, which intervals and rivals are of. */
  isSelected: boolean
  /** Of whole answers; null where none were checked. */
  check: CheckResult | null
}

/** What an evaluation says of the model. */
export interface CardEvaluation extends Pick<EvaluationVerdict, 'verdict' | 'figures' | 'good'> {
  task: string
  promptCount: number
  comparedWith: string
  /** False where it was stopped. */
  complete: boolean
}

/** All that a project has measured of the model that is exported. */
export interface Measured {
  recipe: Recipe
  scores: CardScores | null
  evaluations: readonly CardEvaluation[]
}

/** Without a project nothing is known of a recipe. */
export const nothingMeasured = ({ recipe }: Pick<Measured, 'recipe'>): Measured => ({
  recipe,
  scores: null,
  evaluations: []
})

/** Whether the model was shown to do what it is made for, in a sentence that claims no more than was measured. */
export function foundWords({ recipe, scores, evaluations }: Measured): string {
  const worse = evaluations.filter(({ good }) => good === false)
  const losses =
    worse.length === 0
      ? ''
      : ` Evaluated, it is ${worse.map(({ task, verdict }) => `${verdict} (${inlineMarkdown(task)})`).join(', ')}.`
  if (scores === null)
    return evaluations.length === 0
      ? 'Nothing that was measured of this model is known here.'
      : `Whether it keeps its validity on the character task was not measured.${losses}`
  const { check, selection } = scores
  const reason = shortfall(scores)
  if (reason !== null) return `**This one was not found to do so: on first tokens its ${reason}.**${losses}`
  const { state, words } = recipeCheck(
    { check, rho: selection.rho, selection },
    recipe,
    scores.recipe.validity
  )
  if (state === 'fails') return `**This one was not found to do so: it ${words}.**${losses}`
  if (state === 'unchecked')
    return `On first tokens of the character task it is more diverse than the post-trained model at the validity asked for; whole answers were not checked.${losses}`
  return `On the character task it is more diverse than the post-trained model at the validity asked for, on whole answers too.${losses}`
}

/** The sections of a card that say what was measured; none where nothing was. */
export const measuredSections = ({ recipe, scores, evaluations }: Measured): string[] => [
  ...(scores === null ? [] : ['## Scores', scoreTable(recipe, scores)]),
  ...(evaluations.length === 0 ? [] : ['## Evaluations', evaluationTable(evaluations)])
]

function scoreTable(recipe: Recipe, scores: CardScores): string {
  const { post, base, promptCount } = scores
  const row = (name: string, score: CategoryScore): string =>
    `| ${name} | ${score.diversity.toFixed(3)} | ${score.validity.toFixed(3)} |`
  return [
    `Constrained Random Character, exact next-token scores over ${plural(promptCount, 'prompt')}:`,
    '',
    '| | diversity | validity |',
    '| --- | --- | --- |',
    row('this model', scores.recipe),
    row('post-trained', post),
    ...(base === null ? [] : [row('pre-trained', base)]),
    '',
    ...[limitWords(scores), intervalWords(scores), wholeWords(recipe, scores), rivalWords(scores)]
      .filter((words) => words !== null)
      .map((words) => `- ${words}`)
  ].join('\n')
}

/** Why the rule of the sweep does not let the model in; null where it does. */
function shortfall({ recipe, post, selection: { minimumValidity, rho } }: CardScores): string | null {
  if (recipe.validity < minimumValidity) {
    return (
      `validity ${formatScore(recipe.validity)} is below the limit of ${formatScore(minimumValidity)}, ` +
      `${formatPercent(rho)} of post's ${formatScore(post.validity)}`
    )
  }
  return recipe.diversity > post.diversity
    ? null
    : `diversity ${formatScore(recipe.diversity)} is not above post's ${formatScore(post.diversity)}`
}

function limitWords(scores: CardScores): string {
  const { selection } = scores
  const reason = shortfall(scores)
  if (reason !== null) return `Limit: not kept, ${reason}.`
  return `Limit: kept, at least ${formatScore(selection.minimumValidity)} of validity was asked for, ${formatPercent(selection.rho)} of post's.`
}

/** Of the selected range alone, and where the prompts are enough. */
function intervalWords({ selection, isSelected, promptCount }: CardScores): string | null {
  if (!isSelected) return 'Intervals: not computed for this model, only for the range that the sweep selects.'
  const tooFew = tooFewWords(promptCount, selection, scoreWords(CHARACTERS))
  const { selected, confidence, resamples } = selection.bootstrap
  if (tooFew !== null || selected === null) return `Intervals: none, ${tooFew ?? 'no range was resampled'}.`
  const interval = ([low, high]: readonly [number, number]): string =>
    `${formatScore(low)} to ${formatScore(high)}`
  return (
    `Intervals, ${formatPercent(confidence)} over ${plural(resamples, 'bootstrap resample')} of the prompts, of a range that the same prompts ` +
    `chose: validity ${interval(selected.validity)}, diversity ${interval(selected.diversity)}, gain over post ${formatDeltas(selected.diversityGain)}.`
  )
}

function wholeWords(recipe: Recipe, { check, selection }: CardScores): string {
  const model: AnyModel = { kind: 'recipe', recipe }
  const checked = checkOf(check, model)
  if (check === null || checked === null)
    return 'Whole answers: not checked. These are scores of the first token, and a valid first token may begin an invalid answer.'
  const { words } = recipeCheck({ check, rho: selection.rho, selection: null }, recipe, null)
  return (
    `Whole answers: ${words} (limit ${formatScore(answerLimit(check, selection.rho))}). The probability that an answer is one valid character and then ends, ` +
    `${exactness(checked)}: validity ${formatScore(checked.answers.validity)} (post-trained ` +
    `${formatScore(check.post.answers.validity)}) and diversity ${formatScore(checked.answers.diversity)} ` +
    `(post-trained ${formatScore(check.post.answers.diversity)}).`
  )
}

/** What else was measured that has more diversity; null where nothing has. */
function rivalWords({ selection, isSelected, recipe, check }: CardScores): string | null {
  const known = isSelected ? rivalSentence(selection, CHARACTERS, check) : null
  if (known !== null) return `Another way: ${known}.`
  const rival = bestRival(selection)
  if (rival === null || rival.diversity <= recipe.diversity) return null
  return (
    `Another way: ${comparedName(rival)} has more diversity ${rivalBasis(rival, check)} at the validity kept, ${formatScore(rival.diversity)} at validity ` +
    `${formatScore(rival.validity)}, against ${formatScore(recipe.diversity)} at ${formatScore(recipe.validity)}.`
  )
}

function evaluationTable(evaluations: readonly CardEvaluation[]): string {
  return [
    '| task | prompts | found | differences |',
    '| --- | --- | --- | --- |',
    ...evaluations.map(({ task, promptCount, verdict, figures, comparedWith, complete }) =>
      [
        `| ${inlineMarkdown(task)}${complete ? '' : ', stopped early'}`,
        promptCount,
        `${verdict}, against ${inlineMarkdown(comparedWith)}`,
        `${figures === '' ? '–' : figures} |`
      ].join(' | ')
    )
  ].join('\n')
}
