import type { Sampling } from '../model/sampling'

/** Describes a sampler, as in `temperature 1, min-p 0.1`. Settings without an effect are left out. */
export function samplerWords({ temperature, topK, topP, minP, repetitionPenalty }: Sampling): string {
  const parts = [temperature === 0 ? 'greedy' : `temperature ${temperature}`]
  if (temperature > 0 && minP > 0) parts.push(`min-p ${minP}`)
  if (temperature > 0 && topP < 1) parts.push(`top-p ${topP}`)
  if (temperature > 0 && topK !== null) parts.push(`top-k ${topK}`)
  if (repetitionPenalty !== 1) parts.push(`repetition penalty ${repetitionPenalty}`)
  return parts.join(', ')
}
