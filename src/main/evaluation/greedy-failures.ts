import { plural } from '../../contract/words/format'
import type { EvaluationView } from '../../contract/documents/evaluation'
import { choosesFailures } from '../../contract/documents/greedy-failures'
import type { SampleLine } from '../../contract/documents/samples'
import type { Task, TaskPrompt } from '../../contract/documents/task'
import { mapGet } from '../../contract/model/look-up'
import { WorkbenchError } from '../../contract/model/problem'

/** What chose: the evaluation of post's greedy answers, and the answers themselves. */
export interface GreedyAnswers {
  readonly view: EvaluationView
  readonly samples: readonly SampleLine[]
}

/** What the task of the failures is to be. */
export interface FailuresTask {
  readonly id: string
  /** The task that was asked, as it samples when it is not asked greedily. */
  readonly task: Task
  /** Prompts at most, the first ones; undefined: all. */
  readonly most?: number | undefined
}

/**
 * Refuses a task of which nothing can be told right or wrong, before post answers it.
 *
 * @throws WorkbenchError `bad-input`
 */
export function requireRightAnswers(task: Task): void {
  if (task.prompts.every(({ answers }) => answers === undefined)) throw noRightAnswers(task)
}

const noRightAnswers = ({ name }: Task): WorkbenchError =>
  new WorkbenchError(
    'bad-input',
    `No prompt of "${name}" lists a right answer, so nothing says what post failed.`,
    'Choose a task with right answers.'
  )

/**
 * A task of the prompts whose right answer post's greedy decoding missed, each with the answer that was given instead.
 *
 * @throws WorkbenchError `bad-input` when the run is unfinished, or none that can choose; when nothing can be told right or
 *   wrong, or nothing failed
 */
export function failuresTask({ view, samples }: GreedyAnswers, { id, task, most }: FailuresTask): Task {
  const { run, results, answered } = view
  if (!choosesFailures(run)) {
    throw new WorkbenchError(
      'bad-input',
      'Prompts are chosen by one greedy answer of post to each, and this evaluation is none of that kind.',
      'Ask post greedily first: in the window, or with slr task filter.'
    )
  }
  if (!answered) {
    throw new WorkbenchError(
      'bad-input',
      'Post has not answered all prompts yet.',
      'Let the evaluation go on to its end.'
    )
  }
  const given = new Map(samples.map(({ prompt, text }) => [prompt, text]))
  const right = results.cells.map(([post]) => post?.accuracy)
  const judged = right.filter((value) => value !== undefined).length
  if (judged === 0) throw noRightAnswers(task)
  const failed = run.task.prompts.flatMap((prompt, index): TaskPrompt[] =>
    right[index] === 0 ? [{ ...prompt, failedWith: mapGet(given, index, 'answer') }] : []
  )
  if (failed.length === 0) {
    throw new WorkbenchError(
      'bad-input',
      `Post's greedy answers to all ${plural(judged, 'prompt')} of "${task.name}" are right: none is left to evaluate.`
    )
  }
  return {
    ...task,
    id,
    name: `${task.name.slice(0, 180)} (post failed)`,
    prompts: failed.slice(0, most),
    chosen: {
      by: 'greedy-failures',
      from: task.name,
      judged,
      failed: failed.length,
      post: run.postPath.fingerprint,
      evaluationId: run.id,
      createdAt: run.createdAt
    }
  }
}
