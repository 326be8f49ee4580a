import { type EvaluationVariant, isPlain } from '../documents/evaluation'
import type { ChosenPrompts, Task } from '../documents/task'
import { formatCount, plural } from './format'

export const chosenWords = ({ prompts, chosen }: Task & { chosen: ChosenPrompts }): string =>
  `${plural(prompts.length, 'prompt')} of “${chosen.from}” that post's greedy decoding missed` +
  (prompts.length === chosen.failed ? '' : `, the first of ${formatCount(chosen.failed)}`) +
  `. It missed ${formatCount(chosen.failed)} of ${formatCount(chosen.judged)} in a separate run.`

/** Returns warnings about results on prompts that post failed; none for other tasks. */
export function chosenNotices(task: Task, variants: readonly EvaluationVariant[], post: string): string[] {
  const { chosen, settings } = task
  if (chosen === undefined) return []
  const notices = [
    chosenWords({ ...task, chosen }) +
      ' Failures regress to the mean: in new samples, post gets some of them right. ' +
      'Compare with the scores of post on them, not with zero.'
  ]
  const posts = variants.filter(({ variant }) => variant.kind === 'post')
  if (!posts.some(isPlain)) {
    notices.push('Post is not among the variants. Without new samples of it, the gain of a variant is unknown.')
  }
  if (posts.some(({ sampling = settings.sampling }) => sampling.temperature === 0)) {
    notices.push('A variant is post at temperature 0. Its answers chose these prompts, so it fails all of them.')
  }
  if (chosen.post !== post) {
    notices.push('These prompts were chosen by the failures of another post. This one may fail fewer of them.')
  }
  return notices
}
