import type { PromptScore } from '../../../contract/documents/crc'
import type { ScoredBy } from '../../../contract/documents/scored-by'
import { at } from '../../base/look-up'
import { scorePrompt } from './scoring'

/** Turns what the engine says of a prompt's groups into its score, and back into what has to be kept of it. */
export interface Scorer {
  /** Groups that a prompt has besides one for each right answer. */
  readonly extraGroups: number
  score(groups: readonly number[]): PromptScore
  groupsOf(score: PromptScore): number[]
}

export function scorerOf(scoredBy: ScoredBy): Scorer {
  if (scoredBy.kind === 'crc') {
    return { extraGroups: 0, score: scorePrompt, groupsOf: ({ probabilities }) => probabilities }
  }
  return {
    extraGroups: 1,
    score: (groups) =>
      scoreListed(groups.slice(0, -1), at(groups, groups.length - 1, 'group'), scoredBy.draws),
    groupsOf: ({ probabilities, validity, continued = 0 }) => [...probabilities, validity + continued]
  }
}

/**
 * Exact score of one question with listed answers. With P(a) the probability of answer `a`: precision is the sum of P,
 * distinct right answers the sum of 1 - (1 - P)^draws, coverage their share of all, effective answers exp(H(P / sum of P)).
 *
 * @param probabilities P of each listed answer
 * @param begun probability that a listed answer is begun with
 */
export function scoreListed(probabilities: readonly number[], begun: number, draws: number): PromptScore {
  const { validity, effectiveChoices } = scorePrompt(probabilities)
  const distinctRight = probabilities.reduce((sum, p) => sum + 1 - (1 - Math.min(p, 1)) ** draws, 0)
  const coverage = distinctRight / probabilities.length
  return {
    validity,
    diversity: coverage,
    effectiveChoices,
    probabilities: [...probabilities],
    precision: validity,
    distinctRight,
    coverage,
    effectiveAnswers: effectiveChoices,
    continued: Math.max(0, begun - validity)
  }
}
