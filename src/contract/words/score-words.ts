import type { Score } from '../documents/crc'
import type { ScoredBy, ScoredByBrief } from '../documents/scored-by'
import type { Sampling } from '../model/sampling'
import { formatScore, plural } from './format'
import type { Term } from './glossary'

/** Names and explanations of a score's measures. Every view uses them. */
export interface ScoreWords {
  readonly validity: string
  readonly diversity: string
  readonly terms: { readonly validity: Term; readonly diversity: Term }
  readonly choices: Extract<Term, 'effective choices' | 'effective answers'>
  /** Explanations for axes and legends. */
  readonly means: { readonly validity: string; readonly diversity: string }
  /** Comparative of diversity. */
  readonly more: string
  readonly prompt: string
  /** Noun for an answer, whose probabilities validity and diversity describe. */
  readonly answer: string
  /** Scored part of an answer. */
  readonly basis: 'first tokens' | 'full answers'
}

const WORDS: Readonly<Record<ScoredBy['kind'], ScoreWords>> = {
  crc: {
    validity: 'validity',
    diversity: 'diversity',
    terms: { validity: 'validity', diversity: 'diversity' },
    choices: 'effective choices',
    means: {
      validity: 'probability of a valid answer',
      diversity: 'entropy over valid answers, 1 = uniform'
    },
    more: 'more diverse',
    prompt: 'prompt',
    answer: 'character',
    basis: 'first tokens'
  },
  task: {
    validity: 'precision',
    diversity: 'coverage',
    terms: { validity: 'precision', diversity: 'coverage' },
    choices: 'effective answers',
    means: {
      validity: 'probability of a right answer',
      diversity: 'share of the right answers expected in the draws'
    },
    more: 'of more coverage',
    prompt: 'question',
    answer: 'answer',
    basis: 'full answers'
  }
}

export const scoreWords = ({ kind }: Pick<ScoredBy, 'kind'>): ScoreWords => WORDS[kind]

/** Describes the score of a sweep in a few words. */
export function scoredByWords(scoredBy: ScoredByBrief): string {
  if (scoredBy.kind === 'crc') return 'first tokens of the character task'
  const { task, sampling, draws } = scoredBy
  return `listed answers of the task "${task.name}", exact, ${samplerWords(sampling)}, ${plural(draws, 'draw')}`
}

export const scoredByName = (scoredBy: ScoredByBrief): string =>
  scoredBy.kind === 'crc' ? 'characters' : scoredBy.task.name

function samplerWords({ temperature, topK, topP, minP, repetitionPenalty }: Sampling): string {
  return [
    `temperature ${temperature}`,
    ...(minP > 0 ? [`min-p ${minP}`] : []),
    ...(topP < 1 ? [`top-p ${topP}`] : []),
    ...(topK === null ? [] : [`top-k ${topK}`]),
    ...(repetitionPenalty === 1 ? [] : [`repetition penalty ${repetitionPenalty}`])
  ].join(', ')
}

/** Names the count of different right answers; null for the character task. */
export const distinctWords = (scoredBy: { kind: 'crc' } | { kind: 'task'; draws: number }): string | null =>
  scoredBy.kind === 'crc' ? null : `distinct right in ${scoredBy.draws}`

/** Describes the answers outside a task's lists; null for the character task and where they are unknown. */
export function unlistedWords({ validity, continued }: Pick<Score, 'validity' | 'continued'>): string | null {
  if (continued === undefined || formatScore(1 - validity) === formatScore(0)) return null
  const prefix = `${formatScore(continued)} begins as one and continues differently`
  return `${formatScore(1 - validity)} is in no listed form of a right answer. ${prefix}, the rest is wrong or unlisted`
}
