import type { CarriedSelection } from '../documents/sweep-comparison'
import type { NotCarried, SweepOutline, Transfer } from '../documents/pairs-overview'
import { formatDelta, formatPercent, formatScore, rangePhrase } from './format'
import { scoreWords } from './score-words'

/** Reasons why a selected range has no score in another pair's sweep. */
const NOT_CARRIED: Readonly<Record<NotCarried, (from: string, to: string) => string>> = {
  reading: () => 'The sweeps are being read.',
  'source not swept': (from) => `${from} has no sweep that is scored by this.`,
  'target not swept': (_, to) => `${to} has no sweep that is scored by this.`,
  'nothing selected': (from) => `The sweep of ${from} selects no range.`,
  'not scored': (from, to) =>
    `The sweep of ${to} has not scored the range at the same depth as the selection of ${from}.`
}

/** Returns the reason why a transferred range could not be selected in the target sweep; null if it could. */
export const fallsShort = ({
  keepsEnough,
  passesCheck
}: Pick<CarriedSelection, 'keepsEnough' | 'passesCheck'>): string | null =>
  passesCheck === false ? 'fails check' : keepsEnough ? null : 'below limit'

/** Returns a badge for an unchecked range, if other transfers were checked; else null. */
export const uncheckedBadge = (
  { passesCheck }: Pick<CarriedSelection, 'passesCheck'>,
  transfers: readonly Transfer[]
): string | null =>
  passesCheck === null && transfers.some(({ result }) => result.kind === 'carried' && result.passesCheck !== null)
    ? 'not checked'
    : null

/** Describes how the selection of one pair scores in the sweep of another. */
export function transferWords(
  { from, to, result }: Transfer,
  nameOf: (id: string) => string,
  target: Pick<SweepOutline, 'scoredBy' | 'rho'> | null
): string {
  if (result.kind === 'none') return NOT_CARRIED[result.why](nameOf(from), nameOf(to))
  const words = scoreWords(target?.scoredBy ?? { kind: 'crc' })
  const { range, other, score, gain, validityKept, keepsEnough, passesCheck } = result
  const numbers =
    `${words.diversity} of ${words.basis} ${formatScore(score.diversity)}, ${formatDelta(gain)} over post` +
    (validityKept === null ? '' : `; ${formatPercent(validityKept)} of post's ${words.validity} kept`) +
    (keepsEnough || target === null ? '' : `, less than the ${formatPercent(target.rho)} asked for`) +
    (passesCheck === false
      ? '; it fails the full-answer check there'
      : passesCheck === null && target?.scoredBy.kind === 'crc'
        ? '; its full answers were not checked there'
        : '')
  if (from === to) return `${nameOf(from)} selects ${rangePhrase(range)}: ${numbers}.`
  const match = `${rangePhrase(range)}, matches ${rangePhrase(other)} of ${nameOf(to)}`
  return `The selection of ${nameOf(from)}, ${match} by depth: ${numbers}.`
}
