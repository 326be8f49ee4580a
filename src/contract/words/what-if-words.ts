import type { SweepDocument } from '../documents/crc'
import type { ScoredByBrief } from '../documents/scored-by'
import type { WhatIf } from '../documents/what-if'
import { minPDraw } from '../model/sampling'
import { formatPercent, plural } from './format'
import { scoreWords } from './score-words'

/** Why a sweep cannot be asked about other temperatures and min-p; null where it can. */
export function noSamplersWords({
  whatIf,
  scoredBy
}: Pick<SweepDocument, 'whatIf'> & { readonly scoredBy: ScoredByBrief }): string | null {
  if (whatIf.length > 0) return null
  const cuts = scoredBy.kind === 'task' && minPDraw(scoredBy.sampling) === null
  return cuts
    ? 'This sweep has not kept what it would be under other temperatures and min-p, and cannot: it draws greedily, with top-k, with top-p or with a repetition penalty. Sweep with temperature and min-p alone for that.'
    : 'This sweep has not kept what it would be under other temperatures and min-p: sweep again for that, on the command line with --what-if.'
}

/** What is said of a range that a preview has only estimated, where something else is asked than was swept. */
export const ONLY_ESTIMATED = 'known only as swept, by an estimate'

/** Of an asking in which nothing was changed. */
export const AS_SWEPT = 'as swept'

/**
 * What the shown numbers are of, and what is on its way.
 *
 * @param shown as {@link whatIfWords} has it; null while the numbers are those of the sweep
 * @param computing the same of what is asked and not answered yet; null where nothing is
 */
export function whatIfSentence(shown: string | null, computing: string | null): string {
  const of = shown ?? AS_SWEPT
  if (computing !== null) return `${of}; computing ${computing}…`
  return of === AS_SWEPT ? `${of}: nothing is changed yet.` : `${of}: not what is stored.`
}

/** What differs from the sweep, in a few words. */
export function whatIfWords(
  { rho, sampler, draws, mix }: WhatIf,
  { scoredBy, selection }: Pick<SweepDocument, 'scoredBy' | 'selection'>
): string {
  const different = [
    ...(sampler === null ? [] : [`temperature ${sampler.temperature}, min-p ${sampler.minP}`]),
    ...(draws === null ? [] : [plural(draws, 'draw')]),
    ...(rho === selection?.rho
      ? []
      : [`${formatPercent(rho)} of post's ${scoreWords(scoredBy).validity} kept`]),
    ...(mix === null ? [] : [`compared with logits mixed with ${mix} of base`])
  ]
  return different.length === 0 ? AS_SWEPT : different.join('; ')
}
