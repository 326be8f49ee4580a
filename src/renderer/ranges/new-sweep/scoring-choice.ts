import type { TaskEntry } from '../../../contract/documents/evaluation'
import { BY_CHARACTERS, type ScoredByBrief, type ScoringChoice } from '../../../contract/documents/scored-by'
import type { Task } from '../../../contract/documents/task'

/** Returns the choice to score by a task, with the task's own sampling. */
export const byTask = ({ id, settings: { sampling, sampleCount } }: Task): ScoringChoice => ({
  kind: 'task',
  taskId: id,
  sampling,
  draws: sampleCount,
  split: false
})

/** Returns the scoring of the next sweep. A deleted task is named by its id. */
export function scoringOf(choice: ScoringChoice, tasks: readonly TaskEntry[]): ScoredByBrief {
  if (choice.kind === 'crc') return BY_CHARACTERS
  const { taskId, sampling, draws } = choice
  const name = tasks.find(({ task }) => task.id === taskId)?.task.name ?? taskId
  return { kind: 'task', task: { id: taskId, name }, sampling, draws }
}

/**
 * Returns the number of prompts that such a sweep scores; 0 for a deleted task.
 *
 * @param promptCount number of prompts in the project's character task
 */
export function askedCount(choice: ScoringChoice, tasks: readonly TaskEntry[], promptCount: number): number {
  if (choice.kind === 'crc') return promptCount
  const entry = tasks.find(({ task }) => task.id === choice.taskId)
  return entry?.task.prompts.filter(({ answers }) => answers !== undefined).length ?? 0
}

/** Reports whether two sweeps are scored by the same task, so that their scores compare. */
export function sameTask(first: ScoredByBrief, second: ScoredByBrief): boolean {
  const taskOf = (scoredBy: ScoredByBrief): string | null =>
    scoredBy.kind === 'crc' ? null : [scoredBy.task.id, scoredBy.keep?.id].join()
  return taskOf(first) === taskOf(second)
}
