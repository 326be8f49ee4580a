import type { CarriedSelection } from '../documents/sweep-comparison'
import type { NotCarried, SweepOutline, Transfer } from '../documents/pairs-overview'
import { formatDelta, formatPercent, formatScore, rangePhrase } from './format'
import { scoreWords } from './score-words'

/** Why a selected range has no score in another pair's sweep. */
const NOT_CARRIED: Readonly<Record<NotCarried, (from: string, to: string) => string>> = {
  reading: () => 'The sweeps are being read.',
  'source not swept': (from) => `${from} has no sweep that is scored by this.`,
  'target not swept': (_, to) => `${to} has no sweep that is scored by this.`,
  'nothing selected': (from) => `The sweep of ${from} selects no range.`,
  'not scored': (from, to) =>
    `The sweep of ${to} has not scored the range at the depth of what ${from} selects.`
}

/** Why what is carried to a pair's sweep would not be selected there, in short; null where it might be. */
export const fallsShort = ({
  keepsEnough,
  passesCheck
}: Pick<CarriedSelection, 'keepsEnough' | 'passesCheck'>): string | null =>
  passesCheck === false ? 'fails check' : keepsEnough ? null : 'below limit'

/** What stands beside what was not checked where others are: no better than what fails there. Null where that is not so. */
export const uncheckedMark = (
  { passesCheck }: Pick<CarriedSelection, 'passesCheck'>,
  transfers: readonly Transfer[]
): string | null =>
  passesCheck === null &&
  transfers.some(({ result }) => result.kind === 'carried' && result.passesCheck !== null)
    ? 'not checked'
    : null

/** What one pair selects, in the sweep of another, in a sentence. */
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
      ? '; it fails the check of whole answers there'
      : passesCheck === null && target?.scoredBy.kind === 'crc'
        ? '; whole answers of it were not checked there'
        : '')
  if (from === to) return `${nameOf(from)} selects ${rangePhrase(range)}: ${numbers}.`
  return (
    `What ${nameOf(from)} selects, ${rangePhrase(range)}, is ${rangePhrase(other)} of ${nameOf(to)} at the same depth: ` +
    `${numbers}.`
  )
}
