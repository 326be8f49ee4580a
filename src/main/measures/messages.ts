import { z } from 'zod'
import { SweepDocument } from '../../contract/documents/crc'
import { EvaluationResults, EvaluationRun, PromptScores } from '../../contract/documents/evaluation'
import { Problem } from '../../contract/model/problem'
import { RestorationRange } from '../../contract/model/recipe'
import { SampleLine, SampleRun, SampleRunMeasures, ShownSample } from '../../contract/documents/samples'

/** A judge's verdict on two variants: index of the better variant, or a tie; null if the reply is unreadable. */
const Winner = z.union([z.number(), z.literal('tie')]).nullable()

const JudgedPair = z.object({
  prompt: z.number(),
  /** Indices of the variants in ascending order. */
  variants: z.tuple([z.number(), z.number()]).readonly(),
  /** Verdicts with the first variant shown first, and with it shown second; null if the answers were the same. */
  orders: z.tuple([Winner, Winner]).readonly().nullable()
})
/** Two variants whose answers to a prompt a judge compared in both orders, because judges prefer one position. */
export type JudgedPair = z.infer<typeof JudgedPair>

const StoredEvaluation = z.object({
  run: EvaluationRun,
  samples: z.array(SampleLine).readonly(),
  /** Scores that the engine computed, one entry per scored prompt. */
  scores: z.array(PromptScores).readonly(),
  /** The judge's scores of answers, from 0 to 1. */
  judgeScores: z
    .array(z.object({ variant: z.string(), prompt: z.number(), index: z.number(), score: z.number() }))
    .readonly(),
  /**
   * Canonical forms of a variant's answers to a prompt, in their order, as read by a judge. Variants whose answers the
   * judge has not read completely are omitted.
   */
  forms: z
    .array(z.object({ variant: z.string(), prompt: z.number(), forms: z.array(z.string().nullable()).readonly() }))
    .readonly(),
  /** Pairs of variants whose answers a judge compared. */
  pairs: z.array(JudgedPair).readonly()
})
/** Stored files of an evaluation that its results are computed from. */
export type StoredEvaluation = z.infer<typeof StoredEvaluation>

const Proxies = z.object({
  /** Sweep scored by characters; null if there is none. */
  characters: SweepDocument.nullable(),
  /** Sweep of the same checkpoints scored by the evaluated task; null if there is none. */
  task: SweepDocument.nullable(),
  /** Range that the character sweep selected, and the share of post's validity that a selected range must keep. */
  picked: z.object({ range: RestorationRange, rho: z.number() }).optional()
})
/**
 * Sweeps whose scores are compared with an evaluation. The character task stands in for the evaluated task. A range
 * that makes random characters diverse is expected to make the task's answers diverse as well.
 */
export type Proxies = z.infer<typeof Proxies>

/** Request to the process that measures answers: the measures of a sample run, or the results of an evaluation. */
export const MeasuringRequest = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('run'),
    run: SampleRun.pick({ prompts: true, variants: true }),
    samples: z.array(ShownSample)
  }),
  z.object({
    kind: z.literal('evaluation'),
    stored: StoredEvaluation,
    proxies: Proxies,
    against: z.string().optional()
  })
])
export type MeasuringRequest = z.infer<typeof MeasuringRequest>

/** Reply to a request. An error of the user's input is `failed`. */
export const MeasuringReply = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('run'), result: SampleRunMeasures }),
  z.object({ kind: z.literal('evaluation'), result: EvaluationResults }),
  z.object({ kind: z.literal('failed'), problem: Problem })
])
export type MeasuringReply = z.infer<typeof MeasuringReply>
