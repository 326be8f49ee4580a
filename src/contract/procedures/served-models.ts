import { z } from 'zod'
import { GenerationDevice, Precision } from '../model/device'
import { AnsweringModel } from '../model/model'
import { WeightStorage, Sampling } from '../model/sampling'

const token = z.number().int().nonnegative()

/** Models that stay in memory and answer requests as they come. The engine loads them at the first request. */
export const ServedModels = z.object({
  /** Identifies the loaded models in the engine. */
  id: z.string(),
  base: z.string(),
  post: z.string(),
  device: GenerationDevice.default('cpu'),
  precision: Precision.optional(),
  models: z.array(AnsweringModel).min(1),
  stopTokens: z.array(token),
  weights: WeightStorage.optional(),
  /** Limit of the process's peak memory in bytes, including a device's own memory. */
  memoryBytes: z.number().positive(),
  /** Maximum number of sequences side by side, over all models. */
  batchRows: z.number().int().min(1)
})
export type ServedModels = z.infer<typeof ServedModels>

/** How the engine serves models. */
export const ServedPlan = z.object({
  precision: Precision,
  weights: WeightStorage,
  weightBytes: z.number(),
  /** Tokens of the longest sequence, prompt and answer. */
  maximumLength: z.number().int(),
  /** Tokens of all sequences that fit into memory at a time. */
  cacheTokens: z.number().int()
})
export type ServedPlan = z.infer<typeof ServedPlan>

/** Answers of one served model to one prompt. */
export const ServedRequest = z.object({
  served: ServedModels,
  /** Identifies the request, so that it can be ended early. */
  id: z.string(),
  /** Index into the served models. */
  model: z.number().int(),
  prompt: z.array(token).min(1),
  /** Number of answers, with the indices from 0. */
  answerCount: z.number().int().min(1),
  seed: z.number().int(),
  sampling: Sampling,
  /** 0 for the log-probabilities of the prompt only. */
  maxTokens: z.number().int().min(0),
  stopTexts: z.array(z.string().min(1)),
  /** Numbers added to the logits of tokens before a draw. */
  logitBias: z.array(z.tuple([token, z.number()])),
  /** Number of likeliest tokens to report with each token of an answer. Null reports no log-probabilities. */
  topLogprobs: z.number().int().min(0).nullable(),
  /** The same for the tokens of the prompt after the first. */
  promptLogprobs: z.number().int().min(0).nullable()
})
export type ServedRequest = z.infer<typeof ServedRequest>

/** A token's log-probability under the model itself, in nats, before any sampling setting. */
export const TokenLogprob = z.object({
  token,
  logprob: z.number(),
  /** Number of tokens that are at least as likely. */
  rank: z.number().int(),
  /** The likeliest tokens, the likeliest first. */
  top: z.array(z.object({ token, logprob: z.number() }))
})
export type TokenLogprob = z.infer<typeof TokenLogprob>

export const ServedEvent = z.discriminatedUnion('type', [
  /** Log-probabilities of the prompt's tokens after the first. */
  z.object({ type: z.literal('prompt'), logprobs: z.array(TokenLogprob) }),
  /** Tokens of one step. A token that ends an answer is null, and comes only with its log-probability. */
  z.object({
    type: z.literal('tokens'),
    tokens: z.array(
      z.object({ index: z.number().int(), token: token.nullable(), logprob: TokenLogprob.nullable() })
    )
  }),
  /** A complete answer. It ends before a stop token and before a stop text. */
  z.object({
    type: z.literal('answer'),
    index: z.number().int(),
    tokens: z.array(token),
    finish: z.enum(['stop', 'length'])
  })
])
export type ServedEvent = z.infer<typeof ServedEvent>
