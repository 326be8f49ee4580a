import type { Task } from '../documents/task'
import { taskKindFacts } from '../model/task-kinds'
import { formatCount, plural } from './format'

/** Maximum number of counts that are listed one by one. */
const MOST_LISTED = 6

/** Lists counts: `7, 6 and 5`, or `5 to 7` for many. */
function countsText(counts: readonly number[]): string {
  const [first = 0] = counts
  if (counts.every((count) => count === first)) return formatCount(first)
  if (counts.length > MOST_LISTED) return `${formatCount(Math.min(...counts))} to ${formatCount(Math.max(...counts))}`
  return `${counts.slice(0, -1).map(formatCount).join(', ')} and ${formatCount(counts.at(-1) ?? 0)}`
}

/** Describes how many right answers, or forms of one, the prompts of a task list. */
export function taskAnswerWords({ kind, prompts }: Pick<Task, 'kind' | 'prompts'>): string {
  const count = plural(prompts.length, 'prompt')
  const { rightAnswers } = taskKindFacts(kind)
  const listed = prompts.flatMap(({ answers }) => (answers === undefined ? [] : [answers]))
  if (rightAnswers === 'none' || listed.length === 0) return `${count} without right answers`
  const promptWords = listed.length === prompts.length ? count : `${count}, ${formatCount(listed.length)} of them`
  const each = prompts.length === 1 || listed.length === 1 ? '' : ' each'
  const separator = listed.length === prompts.length ? ',' : ''
  if (rightAnswers === 'one') {
    const forms = listed.map((answers) => answers.flat().length)
    const isOne = forms.every((form) => form === 1)
    return `${promptWords}${separator}${each} with 1 right answer${isOne ? '' : ` in ${countsText(forms)} forms`}`
  }
  const answers = listed.map(({ length }) => length)
  const isOne = answers.every((each) => each === 1)
  return `${promptWords}${separator}${each} with ${countsText(answers)} right ${isOne ? 'answer' : 'answers'}`
}
