import { z } from 'zod'
import { DEFAULT_JUDGE, JudgeSettings } from '../../contract/documents/judge'
import { EndpointAddress } from '../../contract/model/endpoint'
import { JudgeWay } from '../../contract/model/judge-way'
import { rubricOf, type TaskKind } from '../../contract/model/task-kinds'

/** Fields of an OpenAI-compatible server in a study file. */
export const SERVER = {
  url: EndpointAddress.shape.baseUrl,
  model: EndpointAddress.shape.model,
  key: EndpointAddress.shape.keyVariable,
  'any-model': z.boolean().default(false)
}

/** The judge of a study file. The default rubric depends on the kind of task. */
export const JudgingServer = z.strictObject({
  ...SERVER,
  way: JudgeWay.default(DEFAULT_JUDGE.way),
  rubric: JudgeSettings.shape.rubric.optional(),
  answers: JudgeSettings.shape.answersPerPrompt.default(DEFAULT_JUDGE.answersPerPrompt),
  rate: JudgeSettings.shape.requestsPerMinute.default(DEFAULT_JUDGE.requestsPerMinute)
})
export type JudgingServer = z.infer<typeof JudgingServer>

/** Converts a judge of a study file to the settings that evaluations store. */
export const judgeSettings = (judge: JudgingServer, kind: TaskKind): JudgeSettings =>
  JudgeSettings.parse({
    ...DEFAULT_JUDGE,
    baseUrl: judge.url,
    model: judge.model,
    keyVariable: judge.key,
    anyModel: judge['any-model'],
    way: judge.way,
    rubric: judge.rubric ?? rubricOf(kind, judge.way),
    answersPerPrompt: judge.answers,
    requestsPerMinute: judge.rate
  })
