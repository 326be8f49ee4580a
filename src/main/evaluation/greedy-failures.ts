import { plural } from '../../contract/words/format'
import type { EvaluationView } from '../../contract/documents/evaluation'
import { selectsFailures } from '../../contract/documents/greedy-failures'
import type { SampleLine } from '../../contract/documents/samples'
import type { Task, TaskPrompt } from '../../contract/documents/task'
import { mapGet } from '../../contract/model/look-up'
import { inputError, type WorkbenchError } from '../../contract/model/problem'

/** An evaluation of post with greedy decoding, which gives one answer to each prompt. */
interface GreedyAnswers {
  readonly view: EvaluationView
  readonly samples: readonly SampleLine[]
}

interface FailuresTask {
  readonly id: string
  /** The evaluated task, with its settings for sampling. */
  readonly task: Task
  /** Maximum number of prompts, of which the first are taken; undefined for all. */
  readonly maxPrompts?: number | undefined
}

/** Refuses a task without right answers, whose failures cannot be determined. @throws WorkbenchError `bad-input` */
export function requireRightAnswers(task: Task): void {
  if (task.prompts.every(({ answers }) => answers === undefined)) throw noRightAnswers(task)
}

const noRightAnswers = ({ name }: Task): WorkbenchError =>
  inputError(
    `No prompt of "${name}" lists a right answer, so nothing says what post failed.`,
    'Choose a task with right answers.'
  )

/**
 * Builds a task of the prompts that post answers wrongly with greedy decoding.
 * @throws WorkbenchError `bad-input` when the run is unfinished or not greedy, or no prompt failed
 */
export function failuresTask({ view, samples }: GreedyAnswers, { id, task, maxPrompts: most }: FailuresTask): Task {
  const { run, results, answered } = view
  if (!selectsFailures(run)) {
    throw inputError(
      'Prompts are chosen by one greedy answer of post to each, and this evaluation is none of that kind.',
      'Ask post greedily first: in the window, or with slr task filter.'
    )
  }
  if (!answered) {
    throw inputError('Post has not answered all prompts yet.', 'Let the evaluation go on to its end.')
  }
  const answerByPrompt = new Map(samples.map(({ prompt, text }) => [prompt, text]))
  // 1 for a right answer, 0 for a wrong one, undefined for a prompt without listed answers.
  const accuracies = results.cells.map(([post]) => post?.accuracy)
  const judged = accuracies.filter((accuracy) => accuracy !== undefined).length
  if (judged === 0) throw noRightAnswers(task)
  const failed = run.task.prompts.flatMap((prompt, index): TaskPrompt[] =>
    accuracies[index] === 0 ? [{ ...prompt, failedWith: mapGet(answerByPrompt, index, 'answer') }] : []
  )
  if (failed.length === 0) {
    throw inputError(
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
