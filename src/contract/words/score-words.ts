import type { Score } from '../documents/crc'
import type { ScoredByBrief } from '../documents/scored-by'
import { formatScore, plural } from './format'
import type { Term } from './glossary'
import { samplerWords } from './sampler-words'

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

/** Names of the tasks that score, as far as words need them. */
export interface NamedScoring {
  readonly kind: ScoredByBrief['kind']
  readonly task?: { readonly name: string }
  readonly keep?: { readonly name: string } | undefined
}

const WORDS: Readonly<Record<ScoredByBrief['kind'], ScoreWords>> = {
  crc: {
    validity: 'validity',
    diversity: 'diversity',
    terms: { validity: 'validity', diversity: 'diversity' },
    choices: 'effective choices',
    means: { validity: 'probability of a valid answer', diversity: 'entropy over valid answers, 1 = uniform' },
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

/** Returns the names of measures. With a task to keep and another to regain, each name includes its task. */
export function scoreWords({ kind, task, keep }: NamedScoring): ScoreWords {
  if (task === undefined || keep === undefined) return WORDS[kind]
  const { validity, diversity, more } = WORDS.task
  const [kept, regained] = [`on “${keep.name}”`, `on “${task.name}”`]
  return {
    ...WORDS.task,
    validity: `${validity} ${kept}`,
    diversity: `${diversity} ${regained}`,
    more: `${more} ${regained}`
  }
}

/** Describes the scored answers and their sampler. */
export function scoredByWords(scoredBy: ScoredByBrief): string {
  if (scoredBy.kind === 'crc') return 'first tokens of the character task'
  const { task, keep, sampling, draws } = scoredBy
  const tasks = keep === undefined ? '' : ` to regain and of "${keep.name}" to keep`
  return `listed answers of the task "${task.name}"${tasks}, exact, ${samplerWords(sampling)}, ${plural(draws, 'draw')}`
}

export function scoredByName(scoredBy: ScoredByBrief): string {
  if (scoredBy.kind === 'crc') return 'characters'
  const { task, keep } = scoredBy
  return keep === undefined ? task.name : `${task.name}, keeping ${keep.name}`
}

/** Names the count of different right answers; null for the character task and for two tasks. */
export const distinctWords = (
  scoredBy: { kind: 'crc' } | (NamedScoring & { kind: 'task'; draws: number })
): string | null =>
  scoredBy.kind === 'crc' || scoredBy.keep !== undefined ? null : `distinct right in ${scoredBy.draws}`

/** Describes the answers that a task does not list; null for the character task, and if unknown. */
export function unlistedWords({ precision, continued }: Pick<Score, 'precision' | 'continued'>): string | null {
  if (precision === undefined || continued === undefined) return null
  const prefix = `${formatScore(continued)} begins as one and continues differently`
  const unlisted = formatScore(1 - precision)
  if (unlisted === formatScore(0)) return null
  return `${unlisted} is in no listed form of a right answer. ${prefix}, the rest is wrong or unlisted`
}
