import { checkOf, type CheckResult } from '../documents/answer-check'
import type { LayerHalf, RivalComparison, Selection } from '../documents/crc'
import type { ScoredBy } from '../documents/scored-by'
import { blendRecipe } from '../documents/swept-model'
import { mostDiverse } from '../model/by-diversity'
import { layersModel } from '../model/model'
import type { RestorationRange } from '../model/recipe'
import { rivalName } from '../model/rival'
import { halfStrengths } from '../model/strengths'
import { formatDelta, formatDeltas, formatP, formatScore, plural, rangePhrase } from './format'
import { type ScoreWords, scoreWords } from './score-words'

/** Of fewer prompts no difference can be told from chance: flipping the signs of five leaves p at 1 / 16 or more. */
export const PROMPTS_FOR_INTERVAL = 6

/** So many prompts a selection and its gain rest on: where they are split, those of the smaller half. */
export const promptsBehind = (promptCount: number, { reported }: Pick<Selection, 'reported'>): number =>
  reported === null ? promptCount : Math.min(reported.chosenOn, reported.reportedOn)

/** Why nothing is said of how sure a selection is: its prompts are too few for an interval, or for how often a range wins; null where they are not. */
export function tooFewWords(
  promptCount: number,
  selection: Pick<Selection, 'reported'>,
  { prompt }: Pick<ScoreWords, 'prompt'>
): string | null {
  const behind = promptsBehind(promptCount, selection)
  if (behind >= PROMPTS_FOR_INTERVAL) return null
  const half = selection.reported === null ? '' : ' in a half'
  return `too few ${prompt}s: ${behind}${half} of the ${PROMPTS_FOR_INTERVAL} that it takes`
}

/** What is compared with the selected range. */
export function comparedName({ rival }: Pick<RivalComparison, 'rival'>): string {
  if (rival.kind === 'blend') return `all layers at ${rival.strength}`
  if (rival.kind === 'tempered')
    return `${rangePhrase(rival.range)} at temperature ${rival.temperature}, min-p ${rival.minP}`
  if (rival.kind === 'control') return `${rival.place} range of that length, ${rangePhrase(rival.range)}`
  if (rival.kind === 'half') return `${HALVES[rival.half]} of ${rangePhrase(rival.range)} alone`
  return rivalName(rival)
}

/** Of which range attention or MLP alone was scored, where another is selected now, by a check of whole answers or another limit. */
export const halfOfWords = (range: RestorationRange): string =>
  `half of ${rangePhrase(range)}, which the sweep itself selected`

const HALVES: Readonly<Record<LayerHalf, string>> = { attention: 'attention', mlp: 'MLP' }

/** A difference with its interval and p. @param over what it is a difference from, to stand behind it */
export function differenceWords(
  { mean, interval, pValue }: RivalComparison['difference']['diversity'],
  over = ''
): string {
  const span = interval === null ? 'too few prompts for an interval' : formatDeltas(interval)
  return `${formatDelta(mean)}${over} (${span}, ${formatP(pValue)})`
}

/** Whether it is more diverse than the selected range beyond what the prompts leave open. */
export const doesBetter = ({ difference: { diversity } }: RivalComparison): boolean =>
  diversity.interval !== null && diversity.interval[0] > 0

/** Those that keep the validity; a control may not. */
const rivalsThatKeep = ({ rivals, minimumValidity }: Compared): RivalComparison[] =>
  rivals.filter(({ rival, validity }) => rival.kind !== 'control' && validity >= minimumValidity)

type Compared = Pick<Selection, 'rivals' | 'minimumValidity'>

/** How many models an answer of it takes for each token. */
export const modelsPerToken = ({ rival }: Pick<RivalComparison, 'rival'>): 1 | 2 =>
  rival.kind === 'mix' || rival.kind === 'filter' ? 2 : 1

/** Of equal ones that which is cheaper to run: what costs less for the same is the better answer. */
function best(rivals: readonly RivalComparison[]): RivalComparison | null {
  const equal = mostDiverse(rivals, (rival) => rival)
  return equal.find((rival) => modelsPerToken(rival) === 1) ?? equal[0] ?? null
}

/** The comparison that puts the selected range in doubt most: with the rival that has most diversity, of those that do better first. */
export function strongestRival(selection: Compared): RivalComparison | null {
  const ahead = rivalsThatKeep(selection).filter(({ difference }) => difference.diversity.mean > 0)
  const sure = ahead.filter(doesBetter)
  return best(sure.length > 0 ? sure : ahead)
}

/** The strongest rival, or where none is ahead the most diverse of those that keep the validity; null where none does. */
export const bestRival = (selection: Compared): RivalComparison | null =>
  strongestRival(selection) ?? best(rivalsThatKeep(selection))

/** Whether whole answers of a rival were checked: only what is a recipe can be. */
function rivalIsChecked({ rival }: Pick<RivalComparison, 'rival'>, check: CheckResult): boolean {
  if (rival.kind === 'blend')
    return checkOf(check, { kind: 'recipe', recipe: blendRecipe(rival.strength, check) }) !== null
  if (rival.kind !== 'half') return false
  const { layerCount, source } = check
  return checkOf(check, layersModel(halfStrengths(rival.range, rival.half, layerCount, source))) !== null
}

/**
 * What a rival of the character task is ahead on. Beside a range whose whole answers were checked it says that the rival's were not.
 *
 * @param check null where no range was checked either
 */
export const rivalBasis = (rival: Pick<RivalComparison, 'rival'>, check: CheckResult | null): string =>
  `on first tokens${check === null || rivalIsChecked(rival, check) ? '' : ' (not checked on whole answers)'}`

/**
 * What a rival takes from the selected range, to stand in a sentence behind its numbers; null when none is ahead.
 *
 * @param check of whole answers; null where none were checked
 */
export function rivalSentence(
  selection: Compared,
  scoredBy: Pick<ScoredBy, 'kind'>,
  check: CheckResult | null
): string | null {
  const words = scoreWords(scoredBy)
  const rival = strongestRival(selection)
  if (rival === null) return null
  const on = scoredBy.kind === 'crc' ? ` ${rivalBasis(rival, check)}` : ''
  const verb = doesBetter(rival) ? 'does better' : 'may do as well or better'
  // With nothing to keep, nothing is said to be kept.
  const kept =
    selection.minimumValidity === 0 ? `where no ${words.validity} is asked` : `at the ${words.validity} kept`
  const { diversity, validity, difference, promptCount } = rival
  // The sentence may have told of whole answers: this is the range's score that the rival's is compared with.
  const over = ` over the range's ${formatScore(diversity - difference.diversity.mean)}`
  return (
    `${comparedName(rival)} ${verb}${on} ${kept}: ${words.diversity} ${formatScore(diversity)} at ` +
    `${words.validity} ${formatScore(validity)}, ${differenceWords(difference.diversity, over)} on ${plural(promptCount, words.prompt)}`
  )
}
