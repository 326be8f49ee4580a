import type { PairJudgement, PreferenceTally } from '../documents/preferences'
import { formatCount, formatDelta, formatInterval, formatPercent, plural } from './format'

type Preferred = PreferenceTally['variants'][number]

export const setWords = (size: number): string =>
  size === 1 ? 'single answers' : `sets of ${formatCount(size)} answers`

export function tallyBasis({ comparisons, prompts, ties, skipped }: PreferenceTally): string {
  const parts = [`${plural(comparisons, 'comparison')} on ${plural(prompts, 'prompt')}`]
  if (ties > 0) parts.push(plural(ties, 'tie'))
  if (skipped > 0) parts.push(`${formatCount(skipped)} skipped`)
  return parts.join(', ')
}

/** Formats a share with its interval. {@link tallyRule} explains a missing interval. */
export function formatShare(share: number | null, interval: readonly [number, number] | null): string {
  if (share === null) return '–'
  return interval === null ? formatPercent(share) : `${formatPercent(share)} ${formatInterval(interval, formatPercent)}`
}

/** Reports whether more than two variants were compared. For two, chance and share are equal. */
const comparesMany = ({ variants }: PreferenceTally): boolean =>
  variants.filter(({ compared }) => compared > 0).length > 2

/** Returns the chance that a variant is preferred to the reference, with its interval; for two variants, the share. */
export const overReference = (
  tally: PreferenceTally,
  { overReference, share, shareInterval }: Preferred
): { chance: number; interval: readonly [number, number] | null } | null => {
  if (overReference === null || share === null) return null
  return comparesMany(tally) ? overReference : { chance: share, interval: shareInterval }
}

/** Summarises a tally. Only an interval that excludes one half shows a preference. */
export function tallyVerdict(tally: PreferenceTally): string {
  const compared = tally.variants.flatMap((entry) => {
    const chance = overReference(tally, entry)
    return chance === null ? [] : [{ variant: entry.variant, ...chance }]
  })
  if (compared.every(({ interval }) => interval === null)) return 'Too few prompts to say what is preferred.'
  const certainPreferences = compared.flatMap(({ variant, chance, interval }) => {
    if (interval === null || (interval[0] <= 0.5 && interval[1] >= 0.5)) return []
    const verb = chance > 0.5 ? 'is preferred to' : 'is liked less than'
    return `${variant} ${verb} ${tally.reference} (${formatShare(chance, interval)})`
  })
  return certainPreferences.length === 0
    ? `Nothing is surely preferred to ${tally.reference}.`
    : `${certainPreferences.join('; ')}.`
}

export function tallyRule(tally: PreferenceTally): string {
  const shares =
    'Shares are means over prompts. A tie counts as an equal part for each variant. ' +
    'Intervals are 95 % over prompts (Wilson), for at least five prompts.'
  if (!comparesMany(tally)) return shares
  const chance = 'the chance to be preferred if only these two were compared (Bradley–Terry)'
  return `${shares} Over ${tally.reference}: ${chance}.`
}

/** Returns the columns of a preference table: the share, and for several variants the chance over the reference. */
export function preferenceColumns(tally: PreferenceTally): { name: string; of: (entry: Preferred) => string }[] {
  const share = ({ share, shareInterval }: Preferred): string => formatShare(share, shareInterval)
  if (!comparesMany(tally)) return [{ name: 'share', of: share }]
  const over = (entry: Preferred): string => {
    const result = overReference(tally, entry)
    return result === null ? '–' : formatShare(result.chance, result.interval)
  }
  return [
    { name: 'share', of: share },
    { name: `over ${tally.reference}`, of: over }
  ]
}

export const tallyFinding = (tally: PreferenceTally): string => `${tallyVerdict(tally)} ${tallyRule(tally)}`

/** Describes how far the orders of a judge agree, and the pairs that it did not decide. */
export function judgeTrust({ tally, agreement, kappa, firstShown, equal }: PairJudgement): string {
  const parts = [
    agreement === null
      ? tally.skipped > 0
        ? 'No pair has readable verdicts in both orders'
        : 'No pair was sent'
      : `Both orders agree on ${formatShare(agreement.mean, agreement.interval)} of the pairs` +
        (kappa === null ? '' : ` (Cohen’s kappa ${formatDelta(kappa, 2)})`)
  ]
  if (firstShown !== null) parts.push(`${formatPercent(firstShown)} of the choices are the answers shown first`)
  if (equal > 0) parts.push(`${plural(equal, 'pair')} with equal answers on both sides are ties that were not sent`)
  if (agreement !== null && tally.skipped > 0)
    parts.push(`${plural(tally.skipped, 'pair')} without readable verdicts in both orders are left out`)
  return `${parts.join('; ')}.${agreement === null ? '' : ' If the orders disagree, the pair is a tie.'}`
}
