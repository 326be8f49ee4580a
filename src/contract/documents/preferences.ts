import { z } from 'zod'
import { Interval } from './crc'

/** What is put side by side with the names hidden: of each variant a set of its answers to one prompt. */
export const BlindComparison = z.object({
  prompt: z.number().int().min(0),
  /** The first answer of each set. */
  index: z.number().int().min(0),
  /** Answers in each set. */
  size: z.number().int().min(1).max(100_000),
  /** Names of the variants, in the order in which they are shown. */
  among: z.array(z.string()).min(2).max(20)
})
export type BlindComparison = z.infer<typeof BlindComparison>

/** How a comparison was decided; a skipped one says nothing of the variants. */
export const PreferenceMark = z.discriminatedUnion('verdict', [
  BlindComparison.extend({ verdict: z.literal('preferred'), variant: z.string() }),
  BlindComparison.extend({ verdict: z.literal('tie') }),
  BlindComparison.extend({ verdict: z.literal('skipped') })
])
export type PreferenceMark = z.infer<typeof PreferenceMark>

/** Equal for comparisons of the same sets, in whatever order they are shown. */
export const comparisonKey = ({ prompt, index, size, among }: BlindComparison): string =>
  JSON.stringify([prompt, index, size, among.toSorted()])

/** The marks with some decided, anew if they were before, and some undecided again. The latest decision comes last. */
export function withMarks(
  marks: readonly PreferenceMark[],
  decided: readonly PreferenceMark[],
  undecided: readonly BlindComparison[]
): PreferenceMark[] {
  const changed = new Set([...decided, ...undecided].map(comparisonKey))
  return [...marks.filter((mark) => !changed.has(comparisonKey(mark))), ...decided]
}

const whole = z.number().int()

const PreferredVariant = z.object({
  variant: z.string(),
  /** Decided comparisons in which it was shown, of these those that it won, and ties. */
  compared: whole,
  won: whole,
  tied: whole,
  /** Mean over prompts of its share of wins, a tie counting as an equal part for each; null when it was never compared. */
  share: z.number().nullable(),
  /** Wilson's, 95 %, over prompts; null below five of them. */
  shareInterval: Interval.nullable(),
  /** Chance to be preferred to the reference if only these two were compared, by Bradley-Terry; null for the reference itself. */
  overReference: z.object({ chance: z.number(), interval: Interval.nullable() }).nullable()
})

/** What marks of one size of sets came to. */
export const PreferenceTally = z.object({
  size: whole,
  /** Decided comparisons, ties among them; skipped ones are not. */
  comparisons: whole,
  /** Prompts of these. */
  prompts: whole,
  ties: whole,
  skipped: whole,
  /** What chances are against: post, or the first variant where it was not compared. */
  reference: z.string(),
  variants: z.array(PreferredVariant)
})
export type PreferenceTally = z.infer<typeof PreferenceTally>

/** What a judge of pairs came to. */
export const PairJudgement = z.object({
  /** `size` answers of each; `skipped` are pairs that are not judged in both orders, or not readably. */
  tally: PreferenceTally,
  /** Pairs with the same answers on both sides: ties that were not sent. */
  equal: whole,
  /** Share of the pairs sent of which both orders say the same, mean over prompts; null when none was. */
  agreement: z.object({ mean: z.number(), interval: Interval.nullable(), promptCount: whole }).nullable(),
  /** Cohen's, of the two orders; null where chance alone makes them agree. */
  kappa: z.number().nullable(),
  /** Of the verdicts that are no tie, the share for what was shown first. */
  firstShown: z.number().nullable()
})
export type PairJudgement = z.infer<typeof PairJudgement>

export const PREFERENCE_EXPORT_FORMATS = ['csv', 'json'] as const
export type PreferenceExportFormat = (typeof PREFERENCE_EXPORT_FORMATS)[number]
