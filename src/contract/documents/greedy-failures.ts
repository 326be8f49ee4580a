import { type EvaluationRun, type EvaluationVariant, isPlain } from './evaluation'
import type { Task } from './task'
import { GREEDY_SAMPLING } from '../model/sampling'

/*
 * A hard subset of a task: the prompts that post fails with greedy decoding. A run of post alone selects them. An
 * evaluation of the subset is a separate run, because post with sampling may solve some of them.
 */

/** The only variant of a run that selects a hard subset: post without changes. */
export const GREEDY_VARIANTS: EvaluationVariant[] = [{ variant: { kind: 'post', name: 'post' } }]

/** Returns the task with greedy sampling: one answer to each prompt, with the most likely token at each step. */
export const greedyTask = (task: Task): Task => ({
  ...task,
  settings: {
    ...task.settings,
    sampling: GREEDY_SAMPLING,
    sampleCount: 1
  }
})

/** Reports whether a run can select a hard subset: it has one greedy answer of post per prompt, and nothing else. */
export const selectsFailures = ({ task, variants }: Pick<EvaluationRun, 'task' | 'variants'>): boolean =>
  variants.length === 1 &&
  variants.every((entry) => entry.variant.kind === 'post' && isPlain(entry)) &&
  task.settings.sampling.temperature === 0 &&
  task.settings.sampleCount === 1
