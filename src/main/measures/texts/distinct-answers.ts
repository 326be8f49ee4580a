import { normaliseAnswer } from '../../../contract/model/answer'
import { elementAt } from '../../../contract/model/look-up'
import { sum } from '../../base/sums'

/** An answer, and the number of times that it was given in any spelling. */
interface AnswerCount {
  /** Most frequent spelling; the first of equally frequent ones. */
  text: string
  count: number
}

/** Counts equal answers, the most frequent first. Case, outer white space and a final mark do not matter. */
export function countAnswers(texts: readonly string[]): AnswerCount[] {
  const spellings = new Map<string, Map<string, number>>()
  for (const text of texts) {
    const answer = normaliseAnswer(text)
    const counts = spellings.get(answer) ?? new Map<string, number>()
    spellings.set(answer, counts.set(text, (counts.get(text) ?? 0) + 1))
  }
  const answers = [...spellings.values()].map((counts) => {
    const byFrequency = [...counts].sort(([, a], [, b]) => b - a)
    const [text] = elementAt(byFrequency, 0, 'spelling')
    return { text, count: sum([...counts.values()]) }
  })
  return answers.sort((a, b) => b.count - a.count)
}
