import { type EvaluationRun, type EvaluationVariant, isPlain } from './evaluation'
import type { Task } from './task'
import { GREEDY_SAMPLING } from '../model/sampling'

/** Selects problems that greedy decoding of post fails, in a separate run, because post may solve them later. */

/** The only variant of a selecting run: post without changes. */
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

/** Reports whether a run can select prompts, which requires only post's greedy answers. */
export const choosesFailures = ({ task, variants }: Pick<EvaluationRun, 'task' | 'variants'>): boolean =>
  variants.length === 1 &&
  variants.every((entry) => entry.variant.kind === 'post' && isPlain(entry)) &&
  task.settings.sampling.temperature === 0 &&
  task.settings.sampleCount === 1
