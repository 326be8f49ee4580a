import { z } from 'zod'
import { GenerationDevice, Precision } from '../model/device'
import { AnsweringModel } from '../model/model'
import { WeightStorage, Sampling } from '../model/sampling'
import { UNFINISHED } from '../documents/job-ending'
import { Recipe } from '../model/recipe'

const token = z.number().int().nonnegative()

/** Models that stay in memory and answer requests as they come. The engine loads them at the first request. */
export const ServedModels = z.object({
  id: z.string(),
  base: z.string(),
  post: z.string(),
  device: GenerationDevice.default('cpu'),
  precision: Precision.optional(),
  models: z.array(AnsweringModel).min(1),
  stopTokens: z.array(token),
  weights: WeightStorage.optional(),
  memoryBytes: z.number().positive(),
  batchRows: z.number().int().min(1)
})
export type ServedModels = z.infer<typeof ServedModels>

/** The formats and limits that the engine has chosen, so that served models fit in their memory. */
export const ServedPlan = z.object({
  precision: Precision,
  weights: WeightStorage,
  weightBytes: z.number(),
  /** The maximum tokens of a prompt and its answer together. */
  maximumLength: z.number().int(),
  /** Number of tokens whose keys and values fit in the cache. */
  cacheTokens: z.number().int()
})
export type ServedPlan = z.infer<typeof ServedPlan>

/** Answers of one served model to one prompt. */
export const ServedRequest = z.object({
  served: ServedModels,
  /** Identifies the request, so that it can be ended early. */
  id: z.string(),
  /** Index among the served models. */
  model: z.number().int(),
  prompt: z.array(token).min(1),
  answerCount: z.number().int().min(1),
  seed: z.number().int(),
  sampling: Sampling,
  /** 0 for the log-probabilities of the prompt only. */
  maxTokens: z.number().int().min(0),
  stopTexts: z.array(z.string().min(1)),
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
  z.object({ type: z.literal('prompt'), logprobs: z.array(TokenLogprob) }),
  /** Tokens of one step. A token that ends an answer is null, and comes only with its log-probability. */
  z.object({
    type: z.literal('tokens'),
    tokens: z.array(z.object({ index: z.number().int(), token: token.nullable(), logprob: TokenLogprob.nullable() }))
  }),
  z.object({
    type: z.literal('answer'),
    index: z.number().int(),
    tokens: z.array(token),
    finish: z.enum(['stop', 'length'])
  })
])
export type ServedEvent = z.infer<typeof ServedEvent>

/** A recipe that the window serves beside base and post. */
export const ServedRecipe = z.object({ recipe: Recipe, port: z.number().int().min(0).max(65_535) })
export type ServedRecipe = z.infer<typeof ServedRecipe>

export const ServingEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    progress: z.object({
      /** Null while the models are loaded. */
      url: z.string().nullable(),
      models: z.array(z.string()),
      tokensPerSecond: z.number()
    })
  }),
  ...UNFINISHED
])
export type ServingEvent = z.infer<typeof ServingEvent>
