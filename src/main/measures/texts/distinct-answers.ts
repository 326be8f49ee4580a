import { normaliseAnswer } from '../../../contract/model/answer'

export interface AnswerCount {
  /** Most frequent spelling; the first of equally frequent ones. */
  text: string
  count: number
}

export function countAnswers(texts: readonly string[]): AnswerCount[] {
  const spellings = new Map<string, Map<string, number>>()
  for (const text of texts) {
    const answer = normaliseAnswer(text)
    const counts = spellings.get(answer) ?? new Map<string, number>()
    spellings.set(answer, counts.set(text, (counts.get(text) ?? 0) + 1))
  }
  const answers = [...spellings.values()].map((counts) => {
    const [commonest] = [...counts].sort(([, a], [, b]) => b - a)
    return { text: commonest?.[0] ?? '', count: [...counts.values()].reduce((sum, count) => sum + count, 0) }
  })
  return answers.sort((a, b) => b.count - a.count)
}
