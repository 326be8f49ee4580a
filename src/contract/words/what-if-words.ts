import type { SweepDocument } from '../documents/crc'
import type { WhatIf } from '../documents/what-if'
import { formatPercent, plural } from './format'
import { scoreWords } from './score-words'

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
    ...(mix === null ? [] : [`logits mixed with ${mix} of base`])
  ]
  return different.length === 0 ? 'as swept' : different.join('; ')
}
