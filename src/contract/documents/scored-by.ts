import { z } from 'zod'
import { type MinPDraw, OPEN_SAMPLING, Sampling } from '../model/sampling'
import { Task } from './task'

/** How a task's listed answers are scored. */
const TaskScoring = z.object({
  /** How each token is drawn. */
  sampling: Sampling,
  /** For how many draws the different right answers are counted. */
  draws: z.number().int().min(1).max(1_000_000)
})

/** A task whose listed answers a sweep is scored by. */
export const ScoredTask = TaskScoring.extend({ kind: z.literal('task'), task: Task })
export type ScoredTask = z.infer<typeof ScoredTask>

const ByCharacters = z.object({ kind: z.literal('crc') })

/** What a sweep is scored by: the next token's probabilities on the character task, or whole answers to a task's questions. */
export const ScoredBy = z.discriminatedUnion('kind', [ByCharacters, ScoredTask])
export type ScoredBy = z.infer<typeof ScoredBy>

/** The same with the task's name in the place of its questions. */
export const ScoredByBrief = z.discriminatedUnion('kind', [
  ByCharacters,
  ScoredTask.extend({ task: z.object({ id: Task.shape.id, name: Task.shape.name }) })
])
export type ScoredByBrief = z.infer<typeof ScoredByBrief>

/** Without the task's questions. */
export function briefScoring(scoredBy: ScoredBy): ScoredByBrief {
  if (scoredBy.kind === 'crc') return scoredBy
  const { id, name } = scoredBy.task
  return { ...scoredBy, task: { id, name } }
}

/** The sampler that a sweep draws with, as far as what if can change it. */
export function ownSampler({ scoredBy }: { readonly scoredBy: ScoredByBrief }): MinPDraw {
  const { temperature, minP } = scoredBy.kind === 'task' ? scoredBy.sampling : OPEN_SAMPLING
  return { temperature, minP }
}

/** Of how many draws a sweep counts different right answers; null for the character task. */
export const drawsOf = ({ scoredBy }: { readonly scoredBy: ScoredByBrief }): number | null =>
  scoredBy.kind === 'task' ? scoredBy.draws : null

export const BY_CHARACTERS = { kind: 'crc' } as const

/** What a project's next sweep is to be scored by: its own prompts of the character task, or one of its tasks or of those built in. */
export const ScoringChoice = z.discriminatedUnion('kind', [
  ByCharacters,
  TaskScoring.extend({
    kind: z.literal('task'),
    taskId: Task.shape.id,
    /** Whether one half of the questions chooses, and the other reports. */
    split: z.boolean().default(false)
  })
])
export type ScoringChoice = z.infer<typeof ScoringChoice>

/** Sweeps of one key measure the same. */
export function scoringKey(scoredBy: ScoredByBrief): string {
  if (scoredBy.kind === 'crc') return 'crc'
  const { task, draws, sampling } = scoredBy
  return JSON.stringify([task.id, draws, Object.entries(sampling).sort()])
}
