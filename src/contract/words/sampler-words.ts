import type { Sampling } from '../model/sampling'

/** Describes a sampler, as in `temperature 1, min-p 0.1`. Settings without an effect are left out. */
export function samplerWords({ temperature, topK, topP, minP, repetitionPenalty }: Sampling): string {
  const drawing = [
    `temperature ${temperature}`,
    ...(minP > 0 ? [`min-p ${minP}`] : []),
    ...(topP < 1 ? [`top-p ${topP}`] : []),
    ...(topK === null ? [] : [`top-k ${topK}`])
  ]
  const penalty = repetitionPenalty === 1 ? [] : [`repetition penalty ${repetitionPenalty}`]
  return [...(temperature === 0 ? ['greedy'] : drawing), ...penalty].join(', ')
}
