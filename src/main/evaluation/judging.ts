import type { JudgeSettings, Judging } from '../../contract/documents/judge'
import { type Questioning, type StoredVerdict, verdictsByKey } from './ask-judge'
import { SCORING } from './judge'
import type { AnswersWithVerdicts } from './judge-evaluation'
import { READING } from './judge-forms'
import { COMPARING, judgedPairs } from './judge-pairs'

/** Counts the questions, replies and usable verdicts of the latest judge of each kind: scores, pairs and forms. */
export function judgingOf({ run, samples, verdicts, pairVerdicts, forms }: AnswersWithVerdicts): Judging[] {
  const { judge, pairJudge, formJudge } = run
  const summarise = <Question extends { key: string }, Verdict extends StoredVerdict>(
    settings: JudgeSettings | null,
    way: Questioning<Question, Verdict>,
    stored: readonly Verdict[]
  ): Judging[] => {
    if (settings === null) return []
    const questions = way.questionsOf(run, samples, settings)
    const verdictOf = verdictsByKey(stored, settings)
    const answered = questions.flatMap(({ key }) => verdictOf.get(key) ?? [])
    const unreadable = answered.filter((verdict) => !way.isReadable(verdict))
    return [
      {
        way: settings.way,
        model: settings.model,
        total: questions.length,
        done: answered.length,
        unreadable: unreadable.length,
        usable: answered.length - unreadable.length,
        example: unreadable.find(({ reply }) => reply !== undefined)?.reply ?? null,
        otherModels: [...new Set(answered.flatMap(({ model }) => model ?? []))]
      }
    ]
  }
  // A pair is usable if both of its orders have a verdict, so the number of replies does not count here.
  const usablePairs = (): number =>
    judgedPairs(run, samples, pairVerdicts).filter(({ orders }) => orders !== null && !orders.includes(null)).length
  return [
    ...summarise(judge, SCORING, verdicts),
    ...summarise(pairJudge, COMPARING, pairVerdicts).map((judging) => ({ ...judging, usable: usablePairs() })),
    ...summarise(formJudge, READING, forms)
  ]
}
