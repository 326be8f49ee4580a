import { type EvaluationVariant, isPlain } from '../documents/evaluation'
import type { ChosenPrompts, Task } from '../documents/task'
import { formatCount, plural } from './format'

/** Describes how the prompts of a task were chosen. */
export const chosenWords = ({ prompts, chosen }: Task & { chosen: ChosenPrompts }): string =>
  `${plural(prompts.length, 'prompt')} of “${chosen.from}”` +
  (prompts.length === chosen.failed ? '' : `, the first of ${formatCount(chosen.failed)},`) +
  ` whose right answer post's greedy decoding missed (it missed ${formatCount(chosen.failed)} of ${formatCount(chosen.judged)}), chosen in a run of its own.`

/**
 * Returns warnings about results on prompts that post failed; none for other tasks.
 *
 * @param post fingerprint of the evaluated post
 */
export function chosenNotices(task: Task, variants: readonly EvaluationVariant[], post: string): string[] {
  const { chosen, settings } = task
  if (chosen === undefined) return []
  const notices = [
    `${chosenWords({ ...task, chosen })} Failures regress to the mean: sampled anew, post itself gets some of them right. Compare with post's own numbers on them, never with none right.`
  ]
  const posts = variants.filter(({ variant }) => variant.kind === 'post')
  if (!posts.some(isPlain)) {
    notices.push(
      'Post is not among the variants: without it, sampled anew on these prompts, nothing says what another variant gains.'
    )
  }
  if (posts.some(({ sampling = settings.sampling }) => sampling.temperature === 0)) {
    notices.push(
      'A variant is post at temperature 0: it gives the very answers that these prompts were chosen for, so it is wrong on all of them.'
    )
  }
  if (chosen.post !== post) {
    notices.push(
      'These prompts were chosen by the failures of another post: this one may fail fewer of them to begin with.'
    )
  }
  return notices
}
