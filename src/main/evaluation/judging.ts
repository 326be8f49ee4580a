import type { JudgeSettings, Judging } from '../../contract/documents/judge'
import { type StoredVerdict, verdictsByKey } from './ask-judge'
import { questionsOf } from './judge'
import type { AnswersWithVerdicts } from './judge-evaluation'
import { formQuestionsOf } from './judge-forms'
import { judgedPairs, pairQuestionsOf } from './judge-pairs'

/** Summarises the work of the latest judge of each kind. */
export function judgingOf({ run, samples, verdicts, pairVerdicts, forms }: AnswersWithVerdicts): Judging[] {
  const { judge, pairJudge, formJudge } = run
  const judging: Judging[] = []
  if (judge !== null) {
    const questions = questionsOf(run, samples, judge)
    judging.push(summarise(judge, questions, verdicts, ({ mark }) => mark !== null))
  }
  if (pairJudge !== null) {
    const questions = pairQuestionsOf(run, samples)
    const readable = judgedPairs(run, samples, pairVerdicts).filter(
      ({ orders }) => orders !== null && !orders.includes(null)
    )
    judging.push({
      ...summarise(pairJudge, questions, pairVerdicts, ({ said }) => said !== null),
      usable: readable.length
    })
  }
  if (formJudge !== null) {
    const questions = formQuestionsOf(run, samples, formJudge)
    judging.push(summarise(formJudge, questions, forms, ({ form }) => form !== null))
  }
  return judging
}

function summarise<Verdict extends StoredVerdict>(
  { way, model, baseUrl }: JudgeSettings,
  questions: readonly { key: string }[],
  verdicts: readonly Verdict[],
  isRead: (verdict: Verdict) => boolean
): Judging {
  const verdictOf = verdictsByKey(verdicts, { baseUrl })
  const answered = questions.flatMap(({ key }) => verdictOf.get(key) ?? [])
  const unreadable = answered.filter((verdict) => !isRead(verdict))
  return {
    way,
    model,
    total: questions.length,
    done: answered.length,
    unreadable: unreadable.length,
    usable: answered.length - unreadable.length,
    example: unreadable.find(({ reply }) => reply !== undefined)?.reply ?? null,
    otherModels: [...new Set(answered.flatMap(({ model: called }) => called ?? []))]
  }
}
