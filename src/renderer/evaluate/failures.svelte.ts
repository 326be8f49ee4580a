import type { EvaluationView } from '../../contract/documents/evaluation'
import { selectsFailures } from '../../contract/documents/greedy-failures'
import type { Task } from '../../contract/documents/task'
import { plural } from '../ui/format'
import type { OpenProject } from '../app/open-project.svelte'
import type { Tasks } from '../app/tasks.svelte'

/** Describes the failures of post's greedy answers; null for other evaluations and unfinished ones. */
export function foundFailures({ run, results, answered }: EvaluationView): { words: string; count: number } | null {
  if (!answered || !selectsFailures(run)) return null
  const right = results.cells.flatMap(([post]) => post?.accuracy ?? [])
  const count = right.filter((value) => value === 0).length
  const words =
    count === 0
      ? `Post's greedy answers to all ${plural(right.length, 'prompt')} are right: none is left to evaluate.`
      : `Post's greedy answers miss the right one on ${count} of ${plural(right.length, 'prompt')}.`
  return { words, count }
}

/** Returns the reason why the failures of a task cannot be determined; null if they can. */
export function whyNoFailures(task: Task | null): string | null {
  if (task === null) return 'Choose a task.'
  if (task.chosen !== undefined) return 'This task already has only failed prompts.'
  const hasAnswers = task.rightPattern !== undefined || task.prompts.some(({ answers }) => answers !== undefined)
  return hasAnswers ? null : 'The task lists no right answers.'
}

/** The tasks of prompts that post failed. */
export class Failures {
  keeping = $state(false)

  constructor(
    private readonly project: OpenProject,
    private readonly tasks: Tasks
  ) {}

  /** Returns the task made from an evaluation; null if none is stored. */
  taskOf(evaluationId: string): Task | null {
    return this.tasks.list.find(({ task }) => task.chosen?.evaluationId === evaluationId)?.task ?? null
  }

  /** Stores the failures of an evaluation as a task. @returns its id; null if it could not be stored */
  async keep(evaluationId: string): Promise<string | null> {
    if (this.keeping) return null
    this.keeping = true
    const { here, client } = this.project
    const saved = await this.project.attempt(() => client.evaluations.saveFailures({ ...here, evaluationId }))
    this.keeping = false
    if (saved === null) return null
    this.tasks.list = saved.tasks
    return saved.taskId
  }
}
