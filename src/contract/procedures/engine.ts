import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { WeightStorage, MinPDraw, Sampling } from '../model/sampling'
import { WorkCounts } from '../documents/sweep-work'
import { DeviceCheck, DeviceName, GenerationDevice, Precision } from '../model/device'
import { Problem } from '../model/problem'
import { SamplingBaseline } from '../model/sampling-baseline'
import { AnsweringModel, Model } from '../model/model'
import { ServedEvent, ServedModels, ServedPlan, ServedRequest } from './served-models'
import { SweepPlan } from '../documents/sweep-plan'

const procedure = oc.errors({ WORKBENCH: { data: Problem } })

const tokens = z.array(z.number().int().nonnegative()).min(1)

const pair = {
  base: z.string(),
  post: z.string(),
  device: DeviceName.default('cpu'),
  /** If omitted, fp16 is used if both the device and the model's family gain from it, otherwise fp32. */
  precision: Precision.optional()
}

/** A prompt and groups of continuations, whose probabilities (products of their tokens') are summed for each group. */
export const TrackedPrompt = z.object({ tokens, groups: z.array(z.array(tokens)) })
export type TrackedPrompt = z.infer<typeof TrackedPrompt>

/** Split of a sweep's prompts into groups. The last digits of scores depend on it. */
export const PromptSplit = z.object({
  groups: z.array(z.array(z.number().int())),
  /** Approximate maximum of rows that pass through a block at once. */
  rowBound: z.number()
})
export type PromptSplit = z.infer<typeof PromptSplit>

/** Models and prompts whose probabilities the engine computes. */
export const SweepRequest = z.object({
  ...pair,
  models: z.array(Model).min(1),
  prompts: z.array(TrackedPrompt).min(1),
  memoryBytes: z.number().positive(),
  /** Sampler of each token. If omitted, the model's own distribution is used. */
  sampling: Sampling.optional(),
  /** Other samplers with additional probabilities. All must have only temperature and min-p. */
  whatIf: z.array(MinPDraw).optional(),
  /** Baselines that are scored from the logits of post and base. Their indices continue after the models' indices. */
  baselines: z.array(SamplingBaseline).optional(),
  /** Split of an earlier run of the same sweep, which is used again if it fits into the memory limit. */
  split: PromptSplit.optional(),
  /** Indices of models and then baselines with known probabilities, for each prompt. Known parts are omitted. */
  known: z.array(z.array(z.number().int())).optional(),
  /**
   * Groups requests for one pair, device and precision. `keeps` says what stays in memory for later requests: nothing,
   * weights, or weights and hidden states, within memoryBytes, until the session ends.
   */
  session: z.object({ id: z.string(), keeps: z.enum(['nothing', 'weights', 'states']) }).optional()
})
export type SweepRequest = z.infer<typeof SweepRequest>

/** Pair and device that all requests of a session use. */
export const SessionRequest = SweepRequest.pick({ base: true, post: true, device: true }).extend({
  id: z.string(),
  /** Memory limit of the process in bytes, within which the engine reads weights before the first request. */
  memoryBytes: SweepRequest.shape.memoryBytes.optional()
})
export type SessionRequest = z.infer<typeof SessionRequest>

export const EngineSweepEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('plan'),
    rowsTotal: z.number(),
    split: PromptSplit,
    peakBytes: z.number(),
    /** Layers whose base and post versions are identical bit for bit, and therefore one block. */
    identicalLayers: z.array(z.number().int()),
    device: DeviceName,
    precision: Precision
  }),
  z.object({ type: z.literal('progress'), rowsDone: z.number(), layer: z.number().int() }),
  z.object({
    type: z.literal('probabilities'),
    model: z.number().int(),
    /** Indices into `prompts`. `probabilities` holds the summed probability of each group of each of these prompts. */
    prompts: z.array(z.number().int()),
    probabilities: z.array(z.array(z.number())),
    /** Probabilities under the other samplers, [samplers][groups], as little-endian float32 in base64. */
    whatIf: z.array(z.base64()).optional()
  }),
  /** Reports that a part of a group's models is done. Earlier events contain their probabilities of these prompts. */
  z.object({
    type: z.literal('part'),
    prompts: z.array(z.number().int()),
    work: WorkCounts.pick({ blockEvaluations: true, weightBytesRead: true })
  }),
  /** Reports that a prompt group is done, whose probabilities were known or sent in earlier events. */
  z.object({
    type: z.literal('group'),
    prompts: z.array(z.number().int()),
    work: WorkCounts.pick({ packedTokens: true, promptTokens: true })
  }),
  z.object({
    type: z.literal('done'),
    work: WorkCounts,
    /** Times in ms of the reader thread beside the computation, and the maximum number of buffers in use. */
    reading: z.object({
      readMs: z.number(),
      convertMs: z.number(),
      waitMs: z.number(),
      peakBuffers: z.number().int()
    }),
    /** Bytes copied between main memory and the device's own memory. Null if they are unknown. */
    moved: z.object({ toDevice: z.number(), fromDevice: z.number() }).nullable(),
    seconds: z.number()
  })
])
export type EngineSweepEvent = z.infer<typeof EngineSweepEvent>

export const ProbeRequest = z.object({
  ...pair,
  model: Model,
  prompts: z.array(tokens).min(1),
  /** True adds post's adapter to base without rounding the sum to base's dtype, as if it were not merged. */
  unmerged: z.boolean().optional()
})
export type ProbeRequest = z.infer<typeof ProbeRequest>

/** A prompt and given answers, which a model reads instead of generating them. */
export const ReadPrompt = z.object({ tokens, answers: z.array(tokens) })
export type ReadPrompt = z.infer<typeof ReadPrompt>

export const ReadRequest = z.object({
  ...pair,
  model: Model,
  prompts: z.array(ReadPrompt).min(1),
  /** Maximum bytes of hidden states and attention masks in memory at once. Prompts are read in groups to keep it. */
  stateBytes: z.number().positive(),
  /** True to compute embeddings of the answers too. */
  embeds: z.boolean()
})
export type ReadRequest = z.infer<typeof ReadRequest>

/** Likelihood and embedding of one answer under a model. */
export const ReadAnswer = z.object({
  prompt: z.number().int(),
  answer: z.number().int(),
  /** Sum over the answer's tokens of their log-probability after all tokens before them, in nats. */
  logLikelihood: z.number(),
  /**
   * Mean of the hidden states at the answer's tokens, after the final norm, [hidden], as float32 values in base64. Null
   * if the request does not ask for it.
   */
  embedding: z.base64().nullable()
})
export type ReadAnswer = z.infer<typeof ReadAnswer>

/** Some answers at a time. */
export const EngineReadEvent = z.array(ReadAnswer)
export type EngineReadEvent = z.infer<typeof EngineReadEvent>

/** Texts for a sentence-embedding model outside the pair, as tokens of that model's tokenizer. */
export const EmbedRequest = z.object({ file: z.string(), texts: z.array(tokens.min(1)).min(1) })
export type EmbedRequest = z.infer<typeof EmbedRequest>

export const EngineEmbedEvent = z.object({
  text: z.number().int(),
  /** Embedding of length 1, [hidden], as float32 values in base64. */
  embedding: z.base64()
})
export type EngineEmbedEvent = z.infer<typeof EngineEmbedEvent>

/** Groups of texts that a classifier sorts into classes by comparing pairs. Texts are tokens without special ones. */
export const PartitionRequest = z.object({
  file: z.string(),
  /** Token before each text (`begin`) and after it (`end`). */
  begin: z.number().int(),
  end: z.number().int(),
  groups: z
    .array(
      z.object({
        texts: z.array(z.array(z.number().int().nonnegative())).max(100),
        /** Known decisions, [text][later text]; null leaves the decision to the classifier. */
        decided: z.array(z.array(z.boolean().nullable()))
      })
    )
    .min(1)
})
export type PartitionRequest = z.infer<typeof PartitionRequest>

/** Number of classes among the texts of a group. */
export const EnginePartitionEvent = z.object({
  group: z.number().int(),
  /** Positions of the texts that begin a class. */
  begins: z.array(z.number().int())
})
export type EnginePartitionEvent = z.infer<typeof EnginePartitionEvent>

/** A pair of which a device computes some layers, to test whether the device is correct. */
export const CheckDeviceRequest = z.object(pair)
export type CheckDeviceRequest = z.infer<typeof CheckDeviceRequest>

/** Identifies one answer by its indices into the request's models and prompts, and its number among their answers. */
export const AnswerKey = z.object({ model: z.number().int(), prompt: z.number().int(), index: z.number().int() })
export type AnswerKey = z.infer<typeof AnswerKey>

/** Models and prompts to which the engine generates answers. */
export const GenerateRequest = z.object({
  ...pair,
  device: GenerationDevice.default('cpu'),
  models: z.array(AnsweringModel).min(1),
  prompts: z.array(tokens).min(1),
  /** Number of answers of every model to every prompt, numbered from 0. */
  sampleCount: z.number().int().min(1),
  /** Answers that an earlier request generated. They are not generated again. */
  finished: z.array(AnswerKey),
  seed: z.number().int(),
  sampling: Sampling,
  maxTokens: z.number().int().min(1),
  stopTokens: z.array(z.number().int().nonnegative()),
  /** Texts that end an answer. The answer keeps the text before them. */
  stopTexts: z.array(z.string().min(1)),
  /** If omitted, the precision of the products is used if it fits into memoryBytes, otherwise int8. */
  weights: WeightStorage.optional(),
  /** Limit of the process's peak memory in bytes, including a device's own memory. */
  memoryBytes: z.number().positive(),
  /** Maximum number of sequences generated side by side, over all models. */
  batchRows: z.number().int().min(1)
})
export type GenerateRequest = z.infer<typeof GenerateRequest>

/** A generated answer without the stop token. */
export const EngineAnswer = AnswerKey.extend({
  tokens: z.array(z.number().int()),
  finish: z.enum(['stop', 'length'])
})
export type EngineAnswer = z.infer<typeof EngineAnswer>

export const EngineGenerateEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('plan'),
    precision: Precision,
    weights: WeightStorage,
    /** Bytes of the weights that sessions receive, and of running sequences at their maximum length. */
    weightBytes: z.number(),
    keyValueBytes: z.number(),
    peakBytes: z.number(),
    rows: z.number().int()
  }),
  z.object({
    type: z.literal('step'),
    /** One for each sequence that received a token in this step. */
    tokens: z.array(AnswerKey.extend({ token: z.number().int() })),
    /** Answers that this step finished. */
    finished: z.array(EngineAnswer)
  }),
  z.object({ type: z.literal('done'), tokenCount: z.number().int(), steps: z.number().int() })
])
export type EngineGenerateEvent = z.infer<typeof EngineGenerateEvent>

/** A plan from the engine. The main process adds times from earlier sweeps. */
export const EnginePlan = SweepPlan.omit({ deviceNotice: true, preview: true, seconds: true, timedBy: true })
export type EnginePlan = z.infer<typeof EnginePlan>

/** Procedures that main calls in the engine process. */
export const engineContract = {
  /** Returns the work and memory of a sweep. It measures the speed of this machine. */
  plan: procedure.input(SweepRequest).output(EnginePlan),
  sweep: procedure.input(SweepRequest).output(eventIterator(EngineSweepEvent)),
  /** Returns once the engine can compute. `memoryBytes` is the limit of the following session. */
  ready: procedure.input(SessionRequest.pick({ memoryBytes: true })).output(z.void()),
  /** Opens a session of sweeps, so that the engine can prepare before the first request is known. */
  openSession: procedure.input(SessionRequest).output(z.void()),
  endSession: procedure.input(z.object({ id: z.string() })).output(z.void()),
  /** Returns once all cancelled calls have ended. */
  cancelledEnded: procedure.output(z.void()),
  generate: procedure.input(GenerateRequest).output(eventIterator(EngineGenerateEvent)),
  served: {
    open: procedure.input(ServedModels).output(ServedPlan),
    answer: procedure.input(ServedRequest).output(eventIterator(ServedEvent)),
    /** Ends a request early. Its stream ends, and its rows are free before the next step. */
    leave: procedure.input(ServedRequest.pick({ served: true, id: true })).output(z.void()),
    close: procedure.input(ServedModels.pick({ id: true })).output(z.void())
  },
  /** Returns the logits of each prompt's last position: [prompts][vocabulary]. */
  probe: procedure.input(ProbeRequest).output(z.object({ logits: z.array(z.array(z.number())) })),
  /** Computes the likelihood and embedding of given answers. See {@link EngineReadEvent}. */
  read: procedure.input(ReadRequest).output(eventIterator(EngineReadEvent)),
  embed: procedure.input(EmbedRequest).output(eventIterator(EngineEmbedEvent)),
  partition: procedure.input(PartitionRequest).output(eventIterator(EnginePartitionEvent)),
  checkDevice: procedure.input(CheckDeviceRequest).output(DeviceCheck)
}
export type EngineContract = typeof engineContract
