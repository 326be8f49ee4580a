import type { z } from 'zod'
import { DEFAULT_JUDGE, type JudgeProgress, JudgeSettings } from '../../contract/documents/judge'
import type { JudgeWay } from '../../contract/model/judge-way'
import { rubricOf, type TaskKind } from '../../contract/model/task-kinds'
import { replies } from '../../contract/words/judging-words'
import { formatCount, plural } from '../ui/format'

export interface JudgeDraft {
  way: JudgeWay
  baseUrl: string
  model: string
  rubric: string
  answersPerPrompt: string
  requestsPerMinute: string
  anyModel: boolean
}

export type JudgeField = Exclude<keyof JudgeDraft, 'way' | 'anyModel'>

/** Returns the first draft: the last judge, or an empty one with the rubric for the kind of task. */
export const draftOfJudge = (kind: TaskKind, last: JudgeSettings | null): JudgeDraft => ({
  way: last?.way ?? DEFAULT_JUDGE.way,
  baseUrl: last?.baseUrl ?? '',
  model: last?.model ?? '',
  rubric: last?.rubric ?? rubricOf(kind, DEFAULT_JUDGE.way),
  answersPerPrompt: String(last?.answersPerPrompt ?? DEFAULT_JUDGE.answersPerPrompt),
  requestsPerMinute: String(last?.requestsPerMinute ?? DEFAULT_JUDGE.requestsPerMinute),
  anyModel: last?.anyModel ?? DEFAULT_JUDGE.anyModel
})

/** Returns the draft for another way of judging. A rubric that the user has not edited becomes the way's default. */
export const judgedBy = (draft: JudgeDraft, kind: TaskKind, way: JudgeWay): JudgeDraft => ({
  ...draft,
  way,
  rubric: draft.rubric === rubricOf(kind, draft.way) ? rubricOf(kind, way) : draft.rubric
})

const WHOLE_NUMBER = 'expected a whole number from 1 to 100,000'

const SAID: Partial<Record<JudgeField, string>> = {
  model: 'name the model that judges, as its server lists it',
  rubric: 'say what to judge by',
  answersPerPrompt: WHOLE_NUMBER,
  requestsPerMinute: WHOLE_NUMBER
}

/** Parses a draft into settings; null with one complaint for each wrong field. */
export function parseJudge(draft: JudgeDraft): {
  settings: JudgeSettings | null
  problems: Partial<Record<JudgeField, string>>
} {
  const parsed = JudgeSettings.safeParse({
    ...DEFAULT_JUDGE,
    way: draft.way,
    anyModel: draft.anyModel,
    baseUrl: draft.baseUrl.trim(),
    model: draft.model.trim(),
    rubric: draft.rubric,
    // The way "forms" reads all answers, so it has no such field.
    answersPerPrompt: draft.way === 'forms' ? DEFAULT_JUDGE.answersPerPrompt : wholeNumber(draft.answersPerPrompt),
    requestsPerMinute: wholeNumber(draft.requestsPerMinute)
  })
  if (parsed.success) return { settings: parsed.data, problems: {} }
  const problems: Partial<Record<JudgeField, string>> = {}
  for (const issue of parsed.error.issues) {
    const [field] = issue.path
    if (isField(draft, field)) problems[field] ??= tooLong(issue) ?? SAID[field] ?? issue.message
  }
  return { settings: null, problems }
}

const tooLong = (issue: z.core.$ZodIssue): string | null =>
  issue.code === 'too_big' && issue.origin === 'string'
    ? `expected at most ${formatCount(Number(issue.maximum))} characters`
    : null

const wholeNumber = (text: string): number => (/^\s*\d+\s*$/.test(text) ? Number(text) : NaN)

const isField = (draft: JudgeDraft, field: PropertyKey | undefined): field is JudgeField =>
  field !== undefined && field !== 'way' && field !== 'anyModel' && Object.hasOwn(draft, field)

/** Describes how a judging ended. @param knownCount questions that had a verdict before */
export function judgeOutcome({
  progress: { done, unreadable },
  knownCount
}: {
  progress: JudgeProgress
  knownCount: number
}): string {
  if (done > 0 && unreadable === done) return `None of ${replies(done)} held a verdict: nothing is judged.`
  const parts = [
    `${plural(done, 'question')} ${unreadable === 0 ? 'judged' : 'asked'}`,
    ...(knownCount === 0 ? [] : [`${formatCount(knownCount)} of them earlier, and not sent again`]),
    ...(unreadable === 0 ? [] : [`${formatCount(unreadable)} of the replies held no verdict and are left out`])
  ]
  return `${parts.join('; ')}.`
}
