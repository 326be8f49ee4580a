import { z } from 'zod'
import { Interval } from './crc'

/** A comparison with hidden names: one set of answers to a prompt from each variant. */
export const BlindComparison = z.object({
  prompt: z.number().int().min(0),
  /** Index of the first answer of each set. */
  index: z.number().int().min(0),
  size: z.number().int().min(1).max(100_000),
  /** Names of the variants in their display order. */
  among: z.array(z.string()).min(2).max(20)
})
export type BlindComparison = z.infer<typeof BlindComparison>

/** Outcome of a comparison. A skipped comparison says nothing about the variants. */
export const PreferenceVote = z.discriminatedUnion('verdict', [
  BlindComparison.extend({ verdict: z.literal('preferred'), variant: z.string() }),
  BlindComparison.extend({ verdict: z.literal('tie') }),
  BlindComparison.extend({ verdict: z.literal('skipped') })
])
export type PreferenceVote = z.infer<typeof PreferenceVote>

export const comparisonKey = ({ prompt, index, size, among }: BlindComparison): string =>
  JSON.stringify([prompt, index, size, among.toSorted()])

/** Returns the votes with some decisions added or replaced, and some removed. New decisions come last. */
export function withVotes(
  votes: readonly PreferenceVote[],
  decided: readonly PreferenceVote[],
  undecided: readonly BlindComparison[]
): PreferenceVote[] {
  const changed = new Set([...decided, ...undecided].map(comparisonKey))
  return [...votes.filter((vote) => !changed.has(comparisonKey(vote))), ...decided]
}

const whole = z.number().int()

const PreferredVariant = z.object({
  variant: z.string(),
  /** Number of decided comparisons that included the variant. `won` and `tied` are its wins and ties among them. */
  compared: whole,
  won: whole,
  tied: whole,
  /** Mean over prompts of the variant's share of wins, with ties in equal parts. Null if it was never compared. */
  share: z.number().nullable(),
  /** Wilson's 95 % interval over prompts. Null below five prompts. */
  shareInterval: Interval.nullable(),
  /** Probability that the variant is preferred to the reference alone (Bradley-Terry). Null for the reference. */
  overReference: z.object({ chance: z.number(), interval: Interval.nullable() }).nullable()
})

/** Totals of the comparisons with one size of sets. */
export const PreferenceTally = z.object({
  size: whole,
  comparisons: whole,
  prompts: whole,
  ties: whole,
  skipped: whole,
  /** Variant that `overReference` refers to: post, or the first variant if post was not compared. */
  reference: z.string(),
  variants: z.array(PreferredVariant)
})
export type PreferenceTally = z.infer<typeof PreferenceTally>

export const PairJudgement = z.object({
  /** Totals with `size` answers of each variant. `skipped` counts pairs without a readable verdict in both orders. */
  tally: PreferenceTally,
  /** Number of pairs with equal answers on both sides. They count as ties without asking the judge. */
  equal: whole,
  /** Share of the sent pairs with the same verdict in both orders, as a mean over prompts. Null if no pair was sent. */
  agreement: z.object({ mean: z.number(), interval: Interval.nullable(), promptCount: whole }).nullable(),
  /** Cohen's kappa of the two orders. Null if no pair was sent, or if the expected agreement is 1. */
  kappa: z.number().nullable(),
  /** Share of the verdicts, excluding ties, that prefer the set shown first. */
  firstShown: z.number().nullable()
})
export type PairJudgement = z.infer<typeof PairJudgement>

export const PREFERENCE_EXPORT_FORMATS = ['csv', 'json'] as const
export type PreferenceExportFormat = (typeof PREFERENCE_EXPORT_FORMATS)[number]
