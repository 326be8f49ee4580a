import { z } from 'zod'
import { EndpointAddress, whereEndpoint, withKey } from '../model/endpoint'
import { JudgeWay } from '../model/judge-way'

/** Settings of a model that judges answers over OpenAI's chat interface, stored without the key itself. */
export const JudgeSettings = z
  .object({
    ...EndpointAddress.shape,
    rubric: z.string().trim().min(1).max(20_000),
    way: JudgeWay,
    /** True to accept verdicts also if the server reports another model name. */
    anyModel: z.boolean().default(false),
    /** Maximum number of answers of each variant to each prompt that are scored, or that form a compared set. */
    answersPerPrompt: z.number().int().min(1).max(100_000),
    requestsPerMinute: z.number().int().min(1).max(100_000),
    concurrency: z.number().int().min(1).max(64)
  })
  .strict()
export type JudgeSettings = z.infer<typeof JudgeSettings>

export const DEFAULT_JUDGE = {
  way: 'marks',
  anyModel: false,
  /** The measure `utility_k` needs the scores of ten answers. */
  answersPerPrompt: 10,
  requestsPerMinute: 60,
  concurrency: 4
} as const satisfies Partial<JudgeSettings>

export const judgeWarning = (judge: Pick<JudgeSettings, 'baseUrl' | 'model' | 'keyVariable' | 'way'>): string =>
  `Prompts and answers leave this program: they are sent to ${whereEndpoint(judge)}${withKey(judge)}, ` +
  `to be ${judge.way === 'forms' ? 'read' : 'judged'} by ${judge.model}.`

/** Maximum length of a form, in characters. Longer replies are explanations, not forms. */
export const MAX_FORM_CHARACTERS = 200

/** Number of characters from the start of a reply that are stored for display. */
export const MAX_KEPT_REPLY = 120

/** Facts about the reply that a verdict came from. */
const ReplyRecord = z.object({
  /** Address of the endpoint that replied. Older files lack it. */
  baseUrl: z.string().max(2_000).optional(),
  /** Start of a reply that could not be read. */
  reply: z.string().max(MAX_KEPT_REPLY).optional(),
  /** Model name that the server reported, if it differs from the judge's settings. */
  model: z.string().optional()
})

/** A judge's score for one answer, one line of evaluations/<id>.judge.jsonl. */
export const JudgeVerdict = ReplyRecord.extend({
  /** SHA-256 of model, rubric, prompt and answer. No question is sent twice to one endpoint. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** Score from 0 (lowest) to 1. Null if the reply was not a score. */
  mark: z.number().min(0).max(1).nullable()
})
export type JudgeVerdict = z.infer<typeof JudgeVerdict>

export const PairVerdict = ReplyRecord.extend({
  /** SHA-256 of model, rubric, prompt and both sets in their order. No question is sent twice to one endpoint. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** Null if the reply was not a choice. */
  said: z.enum(['first', 'second', 'tie']).nullable()
})
export type PairVerdict = z.infer<typeof PairVerdict>

export const AnswerForm = ReplyRecord.extend({
  /** SHA-256 of model, rubric, prompt and answer. No question is sent twice to one endpoint. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** Canonical form of the answer. Empty means that the text gives no answer. Null if the reply was not a form. */
  form: z.string().max(MAX_FORM_CHARACTERS).nullable()
})
export type AnswerForm = z.infer<typeof AnswerForm>

/** Progress of a judge's questions. Each question is a different answer, or a different pair in one order. */
const AskedQuestions = z.object({
  total: z.number().int(),
  done: z.number().int(),
  /** Replies among `done` that were not verdicts. */
  unreadable: z.number().int()
})

export const Judging = AskedQuestions.extend({
  way: JudgeWay,
  model: z.string(),
  /** Answers that have a score or a form, or pairs that were read in both orders. */
  usable: z.number().int(),
  /** Start of one unreadable reply. Null if none is stored. */
  example: z.string().nullable(),
  /** Model names that servers reported, if they differ from `model`. */
  otherModels: z.array(z.string())
})
export type Judging = z.infer<typeof Judging>

/** Returns the number of questions to a judge of pairs, if no two variants gave the same answers. */
export const pairQuestions = (variantCount: number, promptCount: number): number =>
  variantCount * (variantCount - 1) * promptCount

export const JudgeProgress = AskedQuestions.extend({
  /** Reason why the judge does not reply at the moment, while the program retries. */
  trouble: z.string().optional()
})
export type JudgeProgress = z.infer<typeof JudgeProgress>

export const JudgeEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), progress: JudgeProgress }),
  z.object({ type: z.literal('finished'), progress: JudgeProgress })
])
export type JudgeEvent = z.infer<typeof JudgeEvent>
