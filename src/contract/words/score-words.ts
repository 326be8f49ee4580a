import type { Score } from '../documents/crc'
import type { ScoredBy, ScoredByBrief } from '../documents/scored-by'
import type { Sampling } from '../model/sampling'
import { formatScore, plural } from './format'
import type { Term } from './glossary'

/** What the measures of a score are called, and what they are. Every place that shows one takes its words from here. */
export interface ScoreWords {
  readonly validity: string
  readonly diversity: string
  readonly terms: { readonly validity: Term; readonly diversity: Term }
  readonly choices: Extract<Term, 'effective choices' | 'effective answers'>
  /** What the numbers are, for axes and legends. */
  readonly means: { readonly validity: string; readonly diversity: string }
  /** Of greater diversity than others. */
  readonly more: string
  /** What a prompt is. */
  readonly prompt: string
  /** Whose probabilities the first two are made of. */
  readonly answer: string
  /** How much of an answer is scored. */
  readonly basis: 'first tokens' | 'whole answers'
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
    basis: 'whole answers'
  }
}

/** Of the character task validity and diversity; of a task what stands in their places. */
export const scoreWords = ({ kind }: Pick<ScoredBy, 'kind'>): ScoreWords => WORDS[kind]

/** What a sweep is scored by, in a few words. */
export function scoredByWords(scoredBy: ScoredByBrief): string {
  if (scoredBy.kind === 'crc') return 'first tokens of the character task'
  const { task, sampling, draws } = scoredBy
  return `listed answers of the task "${task.name}", exact, ${samplerWords(sampling)}, ${plural(draws, 'draw')}`
}

/** What a sweep is scored by, where one is chosen from many. */
export const scoredByName = (scoredBy: ScoredByBrief): string =>
  scoredBy.kind === 'crc' ? 'characters' : scoredBy.task.name

/** A sampler without what it leaves as it is. */
function samplerWords({ temperature, topK, topP, minP, repetitionPenalty }: Sampling): string {
  return [
    `temperature ${temperature}`,
    ...(minP > 0 ? [`min-p ${minP}`] : []),
    ...(topP < 1 ? [`top-p ${topP}`] : []),
    ...(topK === null ? [] : [`top-k ${topK}`]),
    ...(repetitionPenalty === 1 ? [] : [`repetition penalty ${repetitionPenalty}`])
  ].join(', ')
}

/** What the different right answers of a task's score are counted in; null of the character task, where none are. */
export const distinctWords = (scoredBy: { kind: 'crc' } | { kind: 'task'; draws: number }): string | null =>
  scoredBy.kind === 'crc' ? null : `distinct right in ${scoredBy.draws}`

/** What a score by listed answers leaves out; null for the character task, and for means that are not known. */
export function unlistedWords({ validity, continued }: Pick<Score, 'validity' | 'continued'>): string | null {
  if (continued === undefined || formatScore(1 - validity) === formatScore(0)) return null
  return (
    `${formatScore(1 - validity)} is in no listed form of a right answer: ${formatScore(continued)} begins as one and goes on in ` +
    'another way, the rest is wrong or written otherwise'
  )
}
