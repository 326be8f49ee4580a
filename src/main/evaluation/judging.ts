import type { JudgeSettings, Judging } from '../../contract/documents/judge'
import { type StoredVerdict, verdictsOfEndpoint } from './ask-judge'
import { questionsOf } from './judge'
import type { AnswersWithVerdicts } from './judge-as-told'
import { formQuestionsOf } from './judge-forms'
import { judgedPairs, pairQuestionsOf } from './judge-pairs'

/** What came of the work of each judge that an evaluation was last given to, of each kind one. */
export function judgingOf({ run, samples, verdicts, pairVerdicts, forms }: AnswersWithVerdicts): Judging[] {
  const { judge, pairJudge, formJudge } = run
  const judging: Judging[] = []
  if (judge !== null) {
    const asked = questionsOf(run, samples, judge)
    judging.push(counted(judge, asked, verdicts, ({ mark }) => mark !== null))
  }
  if (pairJudge !== null) {
    const asked = pairQuestionsOf(run, samples)
    const read = judgedPairs(run, samples, pairVerdicts).filter(
      ({ orders }) => orders !== null && !orders.includes(null)
    )
    judging.push({
      ...counted(pairJudge, asked, pairVerdicts, ({ said }) => said !== null),
      usable: read.length
    })
  }
  if (formJudge !== null) {
    const asked = formQuestionsOf(run, samples, formJudge)
    judging.push(counted(formJudge, asked, forms, ({ form }) => form !== null))
  }
  return judging
}

function counted<Verdict extends StoredVerdict>(
  { way, model, baseUrl }: JudgeSettings,
  questions: readonly { key: string }[],
  verdicts: readonly Verdict[],
  isRead: (verdict: Verdict) => boolean
): Judging {
  const said = new Map(verdictsOfEndpoint(verdicts, { baseUrl }).map((verdict) => [verdict.key, verdict]))
  const given = questions.flatMap(({ key }) => said.get(key) ?? [])
  const unread = given.filter((verdict) => !isRead(verdict))
  return {
    way,
    model,
    total: questions.length,
    done: given.length,
    unreadable: unread.length,
    usable: given.length - unread.length,
    example: unread.find(({ reply }) => reply !== undefined)?.reply ?? null,
    otherModels: [...new Set(given.flatMap(({ model: called }) => called ?? []))]
  }
}
