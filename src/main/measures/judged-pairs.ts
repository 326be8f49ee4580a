import { mean } from 'simple-statistics'
import type { PairJudgement } from '../../contract/documents/preferences'
import { elementAt } from '../../contract/model/look-up'
import { sum } from '../base/sums'
import type { PreferenceChoice } from './choice-strengths'
import type { JudgedPair } from './messages'
import { tallyOfChoices } from './preferences'
import { meanEstimate } from './statistics'
import { multimap } from '../../contract/model/multimap'

/**
 * Summarises judged pairs. A variant wins if the judge prefers it in both orders. Every other pair with readable
 * verdicts is a tie. Pairs with an unreadable verdict are only counted.
 * @param names of the variants
 * @param reference index of the variant that others are compared with.
 * @param size number of answers of each variant that were shown.
 * @returns null if no pair is readable
 */
export function pairJudgement(
  pairs: readonly JudgedPair[],
  names: readonly string[],
  reference: number,
  size: number
): PairJudgement | null {
  const readable = pairs.filter(({ orders }) => orders === null || !orders.includes(null))
  if (readable.length === 0) return null
  const judged = readable.flatMap(({ prompt, variants, orders }) =>
    orders === null ? [] : [{ prompt, variants, orders }]
  )
  const choices = readable.map(({ prompt, variants, orders }): PreferenceChoice => {
    const winner = orders !== null && orders[0] === orders[1] ? orders[0] : 'tie'
    return { prompt, candidates: variants, preferred: typeof winner === 'number' ? winner : null }
  })
  return {
    tally: { ...tallyOfChoices(choices, names, reference), size, skipped: pairs.length - readable.length },
    equal: readable.length - judged.length,
    agreement: agreementOf(judged),
    kappa: kappaOf(judged),
    firstShown: firstShownOf(judged)
  }
}

/** A pair that was sent to the judge, because its answers differ. */
type PairInOrders = JudgedPair & { readonly orders: NonNullable<JudgedPair['orders']> }

/** Computes the share of pairs with equal results in both orders: the mean over prompts of each prompt's share. */
function agreementOf(pairs: readonly PairInOrders[]): PairJudgement['agreement'] {
  const byPrompt = multimap(pairs.map(({ prompt, orders }) => [prompt, Number(orders[0] === orders[1])]))
  return meanEstimate(
    [...byPrompt.values()].map((parts) => mean(parts)),
    [0, 1]
  )
}

/** Computes Cohen's kappa (1960) with the two orders as raters; null without pairs, or if expected agreement is 1. */
function kappaOf(pairs: readonly PairInOrders[]): number | null {
  if (pairs.length === 0) return null
  // A rating is the position of the preferred variant in the pair, 0 or 1, or -1 for a tie.
  const ratings = pairs.map(({ variants, orders }) =>
    orders.map((winner) => variants.findIndex((variant) => variant === winner))
  )
  const share = (rater: number, category: number): number =>
    ratings.filter((rating) => elementAt(rating, rater, 'order') === category).length / pairs.length
  const observed =
    ratings.filter(([inFirstOrder, inSecondOrder]) => inFirstOrder === inSecondOrder).length / pairs.length
  const expected = sum([0, 1, -1].map((category) => share(0, category) * share(1, category)))
  return expected === 1 ? null : (observed - expected) / (1 - expected)
}

/** Computes the share of verdicts, without ties, that prefer the variant shown first. An unbiased judge gives 1/2. */
function firstShownOf(pairs: readonly PairInOrders[]): number | null {
  // The first order shows the first variant first, and the second order the second variant.
  const verdicts = pairs.flatMap(({ variants, orders }) =>
    orders.map((winner, order) => ({ winner, first: variants[order] }))
  )
  const decided = verdicts.filter(({ winner }) => winner !== 'tie')
  return decided.length === 0 ? null : mean(decided.map(({ winner, first }) => Number(winner === first)))
}
