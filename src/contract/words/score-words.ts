import type { ScoredBy } from '../documents/crc'
import { plural } from './format'

/** What the measures of a score are called. */
export interface ScoreWords {
  readonly validity: string
  readonly diversity: string
  readonly choices: string
}

/** Of the character task validity and diversity; of a task what stands in their places. */
export function scoreWords({ kind }: Pick<ScoredBy, 'kind'>): ScoreWords {
  return kind === 'crc'
    ? { validity: 'validity', diversity: 'diversity', choices: 'effective choices' }
    : { validity: 'precision', diversity: 'coverage', choices: 'effective answers' }
}

/** What a sweep is scored by, in a few words. */
export function scoredByWords(scoredBy: ScoredBy): string {
  if (scoredBy.kind === 'crc') return 'first tokens of the character task'
  const { task, sampling, draws } = scoredBy
  const { temperature, topK, topP, minP, repetitionPenalty } = sampling
  const sampler = [
    `temperature ${temperature}`,
    ...(minP > 0 ? [`min-p ${minP}`] : []),
    ...(topP < 1 ? [`top-p ${topP}`] : []),
    ...(topK === null ? [] : [`top-k ${topK}`]),
    ...(repetitionPenalty === 1 ? [] : [`repetition penalty ${repetitionPenalty}`])
  ]
  return `listed answers of the task "${task.name}", exact, ${sampler.join(', ')}, ${plural(draws, 'draw')}`
}
