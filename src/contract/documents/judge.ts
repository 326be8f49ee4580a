import { z } from 'zod'
import { EndpointAddress, whereEndpoint, withKey } from '../model/endpoint'
import { JudgeWay } from '../model/judge-way'

/**
 * A model that judges answers, reached over the chat interface of OpenAI that local servers offer too. Stored with the
 * evaluation, so the key itself is no part of it.
 */
export const JudgeSettings = z
  .object({
    ...EndpointAddress.shape,
    rubric: z.string().trim().min(1).max(20_000),
    way: JudgeWay,
    /** Takes verdicts also of a model that calls itself otherwise. */
    anyModel: z.boolean().default(false),
    /** Answers of each variant to each prompt that are marked, or of which a set is compared; for their forms all are read. */
    answersPerPrompt: z.number().int().min(1).max(100_000),
    requestsPerMinute: z.number().int().min(1).max(100_000),
    /** Requests under way at once. */
    concurrency: z.number().int().min(1).max(64)
  })
  .strict()
export type JudgeSettings = z.infer<typeof JudgeSettings>

export const DEFAULT_JUDGE = {
  way: 'marks',
  anyModel: false,
  answersPerPrompt: 8,
  requestsPerMinute: 60,
  concurrency: 4
} as const satisfies Partial<JudgeSettings>

/** What a user must know before anything is sent. */
export const judgeWarning = (judge: Pick<JudgeSettings, 'baseUrl' | 'model' | 'keyVariable' | 'way'>): string =>
  `Prompts and answers leave this program: they are sent to ${whereEndpoint(judge)}${withKey(judge)}, to be ${judge.way === 'forms' ? 'read' : 'judged'} by ${judge.model}.`

/** Longer replies are explanations, and no form of an answer. */
export const MAX_FORM_CHARACTERS = 200

/** The beginning of a reply that is kept to be shown. */
export const MAX_KEPT_REPLY = 120

/** What every verdict keeps besides what the reply meant. */
const Aside = z.object({
  /** Address of the endpoint that replied; older files lack it. */
  baseUrl: z.string().max(2_000).optional(),
  /** How the reply began, where it could not be read. */
  reply: z.string().max(MAX_KEPT_REPLY).optional(),
  /** What the server calls the model that replied, where it is not called as the judge's settings name it. */
  model: z.string().optional()
})

/** What a judge said of one answer, a line of evaluations/<id>.judge.jsonl. */
export const JudgeVerdict = Aside.extend({
  /** SHA-256 of model, rubric, prompt and answer: nothing is asked twice of one endpoint. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** From 0 (lowest) to 1; null when the reply was no mark. */
  mark: z.number().min(0).max(1).nullable()
})
export type JudgeVerdict = z.infer<typeof JudgeVerdict>

/** Which of two sets of answers a judge preferred, in one order; a line of evaluations/<id>.pairs.jsonl. */
export const PairVerdict = Aside.extend({
  /** SHA-256 of model, rubric, prompt and both sets in their order: nothing is asked twice of one endpoint. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** Null when the reply was no choice. */
  said: z.enum(['first', 'second', 'tie']).nullable()
})
export type PairVerdict = z.infer<typeof PairVerdict>

/** The answer that a judge says a text means; a line of evaluations/<id>.forms.jsonl. */
export const AnswerForm = Aside.extend({
  /** SHA-256 of model, rubric, prompt and answer: nothing is asked twice of one endpoint. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** Its canonical form; empty: the text gives no answer; null when the reply was no form. */
  form: z.string().max(MAX_FORM_CHARACTERS).nullable()
})
export type AnswerForm = z.infer<typeof AnswerForm>

/** How far a judge is with its questions, each another answer or pair in an order. */
const AskedQuestions = z.object({
  total: z.number().int(),
  /** That have a reply. */
  done: z.number().int(),
  /** Replies of these that were no verdict. */
  unreadable: z.number().int()
})

/** What came of a judge's work on an evaluation's answers as they are now. */
export const Judging = AskedQuestions.extend({
  way: JudgeWay,
  model: z.string(),
  /** Answers that have a mark or a form; pairs that were sent and read in both orders. */
  usable: z.number().int(),
  /** How one of the unreadable replies began; null where none is kept. */
  example: z.string().nullable(),
  /** What the server called the models that replied, where that is not the one above. */
  otherModels: z.array(z.string())
})
export type Judging = z.infer<typeof Judging>

/** Questions to a judge of pairs when no two variants gave the same answers: each pair on each prompt, in both orders. */
export const pairQuestions = (variantCount: number, promptCount: number): number =>
  variantCount * (variantCount - 1) * promptCount

export const JudgeProgress = AskedQuestions.extend({
  /** Why the judge does not reply now, while it is asked again. */
  trouble: z.string().optional()
})
export type JudgeProgress = z.infer<typeof JudgeProgress>

/** What a stream of judging tells; it fails as the judging fails. */
export const JudgeEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), progress: JudgeProgress }),
  z.object({ type: z.literal('finished'), progress: JudgeProgress })
])
export type JudgeEvent = z.infer<typeof JudgeEvent>
