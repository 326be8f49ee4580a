import { mean } from 'simple-statistics'
import type { PairJudgement } from '../../contract/documents/preferences'
import { elementAt } from '../../contract/model/look-up'
import type { Choice } from './choice-strengths'
import { tallyOfChoices } from './preferences'
import { meanEstimate } from './statistics'
import { multimap } from '../../contract/model/multimap'

/** Index of the better variant, or a tie; null if the judge's answer is unreadable. */
type Winner = number | 'tie' | null

export interface JudgedPair {
  readonly prompt: number
  /** Indices of the variants in ascending order. */
  readonly variants: readonly [number, number]
  /** Results in both orders of the variants; null if both gave the same answers, which is a tie. */
  readonly orders: readonly [Winner, Winner] | null
}

/**
 * Summarises judged pairs. A variant wins if both orders prefer it. Unreadable orders are omitted and counted. @param
 * size answers shown of each variant @returns null when no pair was judged
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
  const choices = readable.map(({ prompt, variants, orders }): Choice => {
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

interface PairInOrders {
  readonly prompt: number
  readonly variants: readonly [number, number]
  readonly orders: readonly [Winner, Winner]
}

/** Computes the share of pairs with equal results in both orders: the mean over prompts of each prompt's share. */
function agreementOf(pairs: readonly PairInOrders[]): PairJudgement['agreement'] {
  const byPrompt = multimap(pairs.map(({ prompt, orders }) => [prompt, Number(orders[0] === orders[1])]))
  return meanEstimate(
    [...byPrompt.values()].map((parts) => mean(parts)),
    { scale: 'share' }
  )
}

/** Computes Cohen's kappa (1960) of the two orders as raters; null if the expected agreement is 1. */
function kappaOf(pairs: readonly PairInOrders[]): number | null {
  if (pairs.length === 0) return null
  const categories = pairs.map(({ variants, orders }) =>
    orders.map((winner) => (winner === 'tie' ? 2 : variants.findIndex((variant) => variant === winner)))
  )
  const share = (rater: number, category: number): number =>
    categories.filter((ratings) => elementAt(ratings, rater, 'order') === category).length / pairs.length
  const observed = categories.filter(([lowerFirst, higherFirst]) => lowerFirst === higherFirst).length / pairs.length
  const expected = [0, 1, 2].reduce((sum, category) => sum + share(0, category) * share(1, category), 0)
  return expected === 1 ? null : (observed - expected) / (1 - expected)
}

/** Computes how often the variant shown first won, without ties. An unbiased judge gives one half. */
function firstShownOf(pairs: readonly PairInOrders[]): number | null {
  const first = pairs.flatMap(({ variants: [lower, higher], orders: [lowerFirst, higherFirst] }) => [
    ...(lowerFirst === 'tie' ? [] : [Number(lowerFirst === lower)]),
    ...(higherFirst === 'tie' ? [] : [Number(higherFirst === higher)])
  ])
  return first.length === 0 ? null : mean(first)
}
