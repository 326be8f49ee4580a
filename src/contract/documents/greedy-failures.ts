import type { EvaluationRun, EvaluationVariant } from './evaluation'
import { isPlain } from './evaluation'
import type { Task } from './task'
import { GREEDY_SAMPLING } from '../model/sampling'

/*
 * Problems that greedy decoding of post fails, as the published evaluations of reasoning take them. They are chosen in a run of
 * its own, and everything is compared afterwards with post sampled anew: some of what fails once is solved the next time.
 */

/** The one variant of a run that chooses: post, and nothing else. */
export const GREEDY_VARIANTS: EvaluationVariant[] = [{ variant: { kind: 'post', name: 'post' } }]

/** A task as it is asked to choose from it: one answer to each prompt, the likeliest token each time. */
export const greedyTask = (task: Task): Task => ({
  ...task,
  settings: {
    ...task.settings,
    sampling: GREEDY_SAMPLING,
    sampleCount: 1
  }
})

/** Whether prompts can be chosen by a run: post's greedy answers alone. */
export const choosesFailures = ({ task, variants }: Pick<EvaluationRun, 'task' | 'variants'>): boolean =>
  variants.length === 1 &&
  variants.every((entry) => entry.variant.kind === 'post' && isPlain(entry)) &&
  task.settings.sampling.temperature === 0 &&
  task.settings.sampleCount === 1
