import type { SweepDocument } from '../documents/crc'
import type { ScoredByBrief } from '../documents/scored-by'
import type { WhatIf } from '../documents/what-if'
import { minPDraw } from '../model/sampling'
import { formatPercent, plural } from './format'
import { scoreWords } from './score-words'

/** Returns the reason why a sweep cannot be recalculated for other temperatures and min-p; null if it can. */
export function noSamplersWords({
  whatIf,
  scoredBy
}: Pick<SweepDocument, 'whatIf'> & { readonly scoredBy: ScoredByBrief }): string | null {
  if (whatIf.length > 0) return null
  const cuts = scoredBy.kind === 'task' && minPDraw(scoredBy.sampling) === null
  return cuts
    ? 'Other temperatures and min-p cannot be computed for this sampler. ' +
        'Sweep with temperature and min-p only: not greedily, without top-k, top-p and repetition penalty.'
    : 'This sweep has no scores for other temperatures and min-p. Sweep again with --what-if.'
}

/** Text after a range whose score was only estimated, and therefore cannot be recalculated for other settings. */
export const ONLY_ESTIMATED = 'known only as swept, by an estimate'

/** Text in place of settings that do not differ. */
export const AS_SWEPT = 'as swept'

export const NOT_MEASURED = 'Not measured'
export const SHOW_MEASURED = 'Show measured'

/** Describes the settings of the shown numbers, and the settings of numbers that are still being computed. */
export function whatIfSentence(shown: string | null, computing: string | null): string {
  if (computing === null) return `${shown ?? AS_SWEPT}.`
  return `${shown === null ? 'c' : `${shown}; c`}omputing ${computing}…`
}

/** Lists the settings of a what-if question that differ from the sweep. */
export function whatIfWords(
  { rho, sampler, draws, mix }: WhatIf,
  { scoredBy, selection }: Pick<SweepDocument, 'scoredBy' | 'selection'>
): string {
  const different: string[] = []
  if (sampler !== null) different.push(`temperature ${sampler.temperature}, min-p ${sampler.minP}`)
  if (draws !== null) different.push(plural(draws, 'draw'))
  if (rho !== selection?.rho) different.push(`${formatPercent(rho)} of post's ${scoreWords(scoredBy).validity} kept`)
  if (mix !== null) different.push(`compared with logits mixed with ${mix} of base`)
  return different.length === 0 ? AS_SWEPT : different.join('; ')
}
