import { z } from 'zod'
import { DEFAULT_JUDGE, JudgeSettings } from '../../contract/documents/judge'
import { EndpointAddress } from '../../contract/model/endpoint'
import { JudgeWay } from '../../contract/model/judge-way'
import { rubricOf, type TaskKind } from '../../contract/model/task-kinds'

/** Fields of an OpenAI-compatible server in files. */
export const SERVER = {
  url: EndpointAddress.shape.baseUrl,
  model: EndpointAddress.shape.model,
  key: EndpointAddress.shape.keyVariable,
  'any-model': z.boolean().default(false)
}

/** A model that judges answers. The default rubric depends on the kind of task. */
export const JudgingServer = z.strictObject({
  ...SERVER,
  way: JudgeWay.default(DEFAULT_JUDGE.way),
  rubric: JudgeSettings.shape.rubric.optional(),
  answers: JudgeSettings.shape.answersPerPrompt.default(DEFAULT_JUDGE.answersPerPrompt),
  rate: JudgeSettings.shape.requestsPerMinute.default(DEFAULT_JUDGE.requestsPerMinute)
})
export type JudgingServer = z.infer<typeof JudgingServer>

export const judgeSettings = (
  { url, model, key, way, rubric, answers, rate, ...more }: JudgingServer,
  kind: TaskKind
): JudgeSettings =>
  JudgeSettings.parse({
    ...DEFAULT_JUDGE,
    ...{ baseUrl: url, model, keyVariable: key, anyModel: more['any-model'], way },
    ...{ rubric: rubric ?? rubricOf(kind, way), answersPerPrompt: answers, requestsPerMinute: rate }
  })
