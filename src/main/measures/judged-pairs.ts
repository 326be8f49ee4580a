import { mean } from 'simple-statistics'
import type { PairJudgement } from '../../contract/documents/preferences'
import { elementAt } from '../../contract/model/look-up'
import type { Choice } from './choice-strengths'
import { tallyOfChoices } from './preferences'
import { meanEstimate } from './statistics'
import { multimap } from '../../contract/model/multimap'

/** What a judge said of a pair in one order: the place of the variant that is better, or neither; null when it cannot be read. */
type Winner = number | 'tie' | null

/** Two variants on one prompt, judged in both orders. */
export interface JudgedPair {
  readonly prompt: number
  /** Places of the variants, the lower first. */
  readonly among: readonly [number, number]
  /** With the lower variant first, and with the other first; null where both gave the same answers, which is a tie. */
  readonly orders: readonly [Winner, Winner] | null
}

/**
 * What judged pairs come to. A pair whose two orders name the same variant is won by it; orders that disagree, and two ties, are a
 * tie. Pairs of which an order could not be read are left out and counted.
 *
 * @param size answers of each variant that were shown
 * @param reference place of the variant that the others are compared with
 * @returns null when no pair was judged
 */
export function pairJudgement(
  pairs: readonly JudgedPair[],
  names: readonly string[],
  reference: number,
  size: number
): PairJudgement | null {
  const read = pairs.filter(({ orders }) => orders === null || !orders.includes(null))
  if (read.length === 0) return null
  const asked = read.flatMap(({ prompt, among, orders }) =>
    orders === null ? [] : [{ prompt, among, orders }]
  )
  const choices = read.map(({ prompt, among, orders }): Choice => {
    const winner = orders !== null && orders[0] === orders[1] ? orders[0] : 'tie'
    return { prompt, among, preferred: typeof winner === 'number' ? winner : null }
  })
  return {
    tally: { ...tallyOfChoices(choices, names, reference), size, skipped: pairs.length - read.length },
    equal: read.length - asked.length,
    agreement: agreementOf(asked),
    kappa: kappaOf(asked),
    firstShown: firstShownOf(asked)
  }
}

interface Asked {
  readonly prompt: number
  readonly among: readonly [number, number]
  readonly orders: readonly [Winner, Winner]
}

/** Share of pairs of which both orders say the same: the mean over prompts of each prompt's share. */
function agreementOf(asked: readonly Asked[]): PairJudgement['agreement'] {
  const byPrompt = multimap(asked.map(({ prompt, orders }) => [prompt, Number(orders[0] === orders[1])]))
  return meanEstimate(
    [...byPrompt.values()].map((parts) => mean(parts)),
    { scale: 'share' }
  )
}

/**
 * Cohen's kappa (1960) of the two orders as two raters who say "the lower variant", "the higher" or "tie": agreement beyond what
 * these shares alone would give. Null where that is certain.
 */
function kappaOf(asked: readonly Asked[]): number | null {
  if (asked.length === 0) return null
  const categories = asked.map(({ among, orders }) =>
    orders.map((winner) => (winner === 'tie' ? 2 : among.findIndex((place) => place === winner)))
  )
  const share = (rater: number, category: number): number =>
    categories.filter((said) => elementAt(said, rater, 'order') === category).length / asked.length
  const observed = categories.filter(([forth, back]) => forth === back).length / asked.length
  const expected = [0, 1, 2].reduce((sum, category) => sum + share(0, category) * share(1, category), 0)
  return expected === 1 ? null : (observed - expected) / (1 - expected)
}

/** Of the verdicts that are no tie, the share for what was shown first: one half without a bias of place. */
function firstShownOf(asked: readonly Asked[]): number | null {
  const first = asked.flatMap(({ among: [lower, higher], orders: [forth, back] }) => [
    ...(forth === 'tie' ? [] : [Number(forth === lower)]),
    ...(back === 'tie' ? [] : [Number(back === higher)])
  ])
  return first.length === 0 ? null : mean(first)
}
