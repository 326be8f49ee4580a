import type { CrcPrompt, Score } from '../../contract/documents/crc'
import { WorkbenchError } from '../../contract/model/problem'
import type { SampleLine } from '../../contract/documents/samples'
import { promptName } from '../text/prompt-name'
import { averageScores, scorePrompt } from '../crc/task/scoring'

/** A generated answer, and whether it ended or was cut off. */
export type CrcAnswer = Pick<SampleLine, 'text' | 'finish'>

/** Two-sided 99 % quantile of the normal distribution. */
const Z_99 = 2.5758293035489004
/** Differences up to this are accepted, even if they are significant. */
const TOLERATED_DIFFERENCE = 0.02

/**
 * Computes the CRC score of complete generated answers. Validity is the share of answers that are exactly one
 * valid character (see {@link validCharacter}). Diversity is the Shannon entropy of the valid characters'
 * counts divided by log |V|. Means are taken over the prompts of a category, then over categories, as for
 * exact scores; `probabilities` are shares of all answers.
 *
 * The entropy of counts is below that of the model, on average by about (m - 1) / 2n nats for n valid answers
 * among m possible characters. It is 0.12 of log |V| for 32 answers on 26 letters (Miller 1955; adding that back is
 * the Miller-Madow correction). No correction is applied, because a corrected entropy can exceed log |V|.
 * Compare equal n, or use the exact score.
 *
 * @param answers of each prompt, at least one; parallel to `prompts`.
 * @param countLeadingSpace also accept white space before the character, as the exact score then does.
 * @throws WorkbenchError `bad-input` naming a prompt without answers
 */
export function scoreSampledCrc(
  prompts: readonly CrcPrompt[],
  answers: readonly (readonly CrcAnswer[])[],
  countLeadingSpace: boolean
): Score {
  const scores = prompts.map((prompt, index) => {
    const promptAnswers = answers[index] ?? []
    if (promptAnswers.length === 0) {
      throw new WorkbenchError(
        'bad-input',
        `${promptName(prompt, index)} has no answers to score.`,
        'Generate at least one answer for every prompt.'
      )
    }
    const counts = new Map(prompt.valid.map((character) => [character, 0]))
    for (const answer of promptAnswers) {
      const character = validCharacter(answer, counts, countLeadingSpace)
      if (character !== null) counts.set(character, (counts.get(character) ?? 0) + 1)
    }
    return scorePrompt([...counts.values()].map((count) => count / promptAnswers.length))
  })
  return averageScores(prompts, scores)
}

/**
 * Finds the valid character that an answer consists of; null for any other answer. White space after it is
 * accepted, because many models end answers with a line break; white space before it only with
 * `countLeadingSpace`. An answer cut off at its maximal length never counts, because it might have continued.
 */
function validCharacter(
  { text, finish }: CrcAnswer,
  valid: ReadonlyMap<string, number>,
  countLeadingSpace: boolean
): string | null {
  if (finish === 'length') return null
  // The valid set may contain white space itself.
  return (
    [text, text.trimEnd(), ...(countLeadingSpace ? [text.trim()] : [])].find((form) => valid.has(form)) ??
    null
  )
}

/**
 * Tests whether the validity of complete answers differs from the exact validity of their first token by more
 * than sampling explains. For example, "I would choose K" begins with a valid I. The difference must exceed
 * 0.02 and the 99 % binomial interval
 *
 *     z * sqrt(sum over prompts of w^2 Q (1 - Q) / n) + max(w / n) / 2,   z = 2.576
 *
 * with a prompt's exact validity Q, its n answers, and its weight w in the mean (1 / categories / prompts of
 * its category). For one prompt this tests whether Q lies outside Wilson's interval with continuity
 * correction around the share (Newcombe 1998, method 4).
 *
 * @param firstToken exact scores under the sampler of the answers, of the same prompts in the same order;
 * another temperature or truncation would itself cause a difference.
 * @param answerCounts n of each prompt.
 * @returns `tolerance`, the larger of the two bounds, and whether the difference exceeds it
 */
export function agreement(
  prompts: readonly Pick<CrcPrompt, 'category'>[],
  firstToken: Score,
  answers: Score,
  answerCounts: readonly number[]
): { tolerance: number; disagrees: boolean } {
  const promptCounts = new Map<string, number>()
  for (const { category } of prompts) promptCounts.set(category, (promptCounts.get(category) ?? 0) + 1)
  let variance = 0
  let largestStep = 0
  for (const [index, { category }] of prompts.entries()) {
    const weight = 1 / promptCounts.size / (promptCounts.get(category) ?? 1)
    const answerCount = answerCounts[index] ?? 0
    // A sum of probabilities may exceed 1 by rounding.
    const validity = Math.min(1, firstToken.prompts[index]?.validity ?? 0)
    variance += (weight ** 2 * validity * (1 - validity)) / answerCount
    largestStep = Math.max(largestStep, weight / answerCount)
  }
  const noise = Z_99 * Math.sqrt(variance) + largestStep / 2
  const tolerance = Math.max(TOLERATED_DIFFERENCE, noise)
  return { tolerance, disagrees: Math.abs(answers.validity - firstToken.validity) > tolerance }
}
