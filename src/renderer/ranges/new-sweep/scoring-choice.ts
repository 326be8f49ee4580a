import type { TaskEntry } from '../../../contract/documents/evaluation'
import { BY_CHARACTERS, type ScoredByBrief, type ScoringChoice } from '../../../contract/documents/scored-by'
import type { Task } from '../../../contract/documents/task'

/** Whether a task's answers can be scored exactly: those at the end of longer texts cannot be listed. */
const isScorable = ({ reading, prompts }: Task): boolean =>
  reading.kind !== 'last-number' && prompts.some(({ answers }) => answers !== undefined)

/** The tasks that a sweep can be scored by. */
export const scorableTasks = (tasks: readonly TaskEntry[]): Task[] =>
  tasks.map(({ task }) => task).filter(isScorable)

/** To be scored by a task, drawn as that says. */
export const byTask = ({ id, settings: { sampling, sampleCount } }: Task): ScoringChoice => ({
  kind: 'task',
  taskId: id,
  sampling,
  draws: sampleCount,
  split: false
})

/** What a sweep of this choice says that it is scored by. */
export function scoringOf(choice: ScoringChoice, tasks: readonly TaskEntry[]): ScoredByBrief {
  if (choice.kind === 'crc') return BY_CHARACTERS
  const { taskId, sampling, draws } = choice
  const name = tasks.find(({ task }) => task.id === taskId)?.task.name ?? taskId
  return { kind: 'task', task: { id: taskId, name }, sampling, draws }
}

/** How many prompts such a sweep scores; 0 for a task that is gone. @param promptCount of the project's character task */
export function askedCount(choice: ScoringChoice, tasks: readonly TaskEntry[], promptCount: number): number {
  if (choice.kind === 'crc') return promptCount
  const found = tasks.find(({ task }) => task.id === choice.taskId)
  return found?.task.prompts.filter(({ answers }) => answers !== undefined).length ?? 0
}

/** Whether two sweeps are scored by the same task. */
export function sameTask(one: ScoredByBrief, other: ScoredByBrief): boolean {
  const taskOf = (scoredBy: ScoredByBrief): string | null =>
    scoredBy.kind === 'crc' ? null : scoredBy.task.id
  return taskOf(one) === taskOf(other)
}
