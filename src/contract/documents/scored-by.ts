import { z } from 'zod'
import { type MinPDraw, OPEN_SAMPLING, Sampling } from '../model/sampling'
import { Task } from './task'

/** Sampler of the answers, and the number of draws in which different right answers are counted. */
const TaskScoring = z.object({ sampling: Sampling, draws: z.number().int().min(1).max(1_000_000) })

/** Scoring by full answers to a task with listed answers. */
export const ScoredTask = TaskScoring.extend({
  kind: z.literal('task'),
  task: Task,
  /** Task whose precision is kept, while the coverage of `task` is regained. */
  keep: Task.optional()
})
export type ScoredTask = z.infer<typeof ScoredTask>

const ByCharacters = z.object({ kind: z.literal('crc') })

/** Scoring of a sweep: the next token's probabilities on the character task, or full answers to a task's questions. */
export const ScoredBy = z.discriminatedUnion('kind', [ByCharacters, ScoredTask])
export type ScoredBy = z.infer<typeof ScoredBy>

const TaskName = z.object({ id: Task.shape.id, name: Task.shape.name })

/** Scoring of a sweep without the prompts of its tasks. */
export const ScoredByBrief = z.discriminatedUnion('kind', [
  ByCharacters,
  ScoredTask.extend({ task: TaskName, keep: TaskName.optional() })
])
export type ScoredByBrief = z.infer<typeof ScoredByBrief>

export function briefScoring(scoredBy: ScoredBy): ScoredByBrief {
  if (scoredBy.kind === 'crc') return scoredBy
  const { task, keep, ...scoring } = scoredBy
  const nameOf = ({ id, name }: Task) => ({ id, name })
  const brief = { ...scoring, task: nameOf(task) }
  return keep === undefined ? brief : { ...brief, keep: nameOf(keep) }
}

/** Returns the temperature and min-p of a sweep's sampler, the settings that a what-if question can change. */
export function samplerOfSweep({ scoredBy }: { readonly scoredBy: ScoredByBrief }): MinPDraw {
  const { temperature, minP } = scoredBy.kind === 'task' ? scoredBy.sampling : OPEN_SAMPLING
  return { temperature, minP }
}

/** Returns the number of draws in which a sweep counts different correct answers, or null for the character task. */
export const drawsOf = ({ scoredBy }: { readonly scoredBy: ScoredByBrief }): number | null =>
  scoredBy.kind === 'task' ? scoredBy.draws : null

export const BY_CHARACTERS = { kind: 'crc' } as const

/** Scoring of a project's next sweep: its own character prompts, one of its tasks, or a built-in task. */
export const ScoringChoice = z.discriminatedUnion('kind', [
  ByCharacters,
  TaskScoring.extend({
    kind: z.literal('task'),
    taskId: Task.shape.id,
    /** True if one half of the questions selects and the other half is held out. */
    split: z.boolean().default(false)
  })
])
export type ScoringChoice = z.infer<typeof ScoringChoice>

/** Returns a key that is equal for sweeps whose scores can be compared. */
export function scoringKey(scoredBy: ScoredByBrief): string {
  if (scoredBy.kind === 'crc') return 'crc'
  const { task, keep, draws, sampling } = scoredBy
  const keptIds = keep === undefined ? [] : [keep.id]
  return JSON.stringify([task.id, draws, Object.entries(sampling).sort(), ...keptIds])
}
