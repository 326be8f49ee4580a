import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { HeldWeights, MinPDraw, Sampling } from '../model/sampling'
import { Work } from '../documents/sweep-work'
import { DeviceCheck, DeviceName, GenerationDevice, Precision } from '../model/device'
import { Problem } from '../model/problem'
import { Rival } from '../model/rival'
import { AnsweringModel, Model } from '../model/model'
import { SweepPlan } from '../documents/sweep-plan'

/**
 * What main may ask of the engine process. The engine knows checkpoints, models and tokens, and nothing of CRC. It refuses
 * recipes that do not fit its model's layers, and other checkpoints that are no longer as their fingerprints say.
 */

const procedure = oc.errors({ WORKBENCH: { data: Problem } })

const tokens = z.array(z.number().int().nonnegative()).min(1)

const pair = {
  base: z.string(),
  post: z.string(),
  device: DeviceName.default('cpu'),
  /** Left out: fp16 where both the device and the model's family gain from it, fp32 elsewhere. */
  precision: Precision.optional()
}

/**
 * A prompt and groups of what may follow it, whose probabilities are wanted: sequences of tokens, of which the probabilities are the
 * products of their tokens' and add up in a group. Sequences of a group are different, and none is the beginning of another.
 */
export const TrackedPrompt = z.object({ tokens, groups: z.array(z.array(tokens)) })
export type TrackedPrompt = z.infer<typeof TrackedPrompt>

/** How a sweep splits its prompts: the last digits of scores depend on it. */
export const PromptSplit = z.object({
  /** Indices of each group's prompts. */
  groups: z.array(z.array(z.number().int())),
  /** Rows that go through a block at once, about. */
  rowBound: z.number()
})
export type PromptSplit = z.infer<typeof PromptSplit>

export const SweepRequest = z.object({
  ...pair,
  models: z.array(Model).min(1),
  prompts: z.array(TrackedPrompt).min(1),
  /** Bound on the whole process; prompts are split into groups to keep it. */
  memoryBytes: z.number().positive(),
  /** How each token is drawn; left out: from the model's own distribution, temperature 1 and nothing cut off. */
  sampling: Sampling.optional(),
  /**
   * Other samplers, under which probabilities are told as well: of the models and of rivals that are drawn as they are, where
   * nothing but temperature and min-p decides.
   */
  whatIf: z.array(MinPDraw).optional(),
  /** Scored from the logits of post and base, which are among the models; their probabilities come as those of models behind the last. */
  rivals: z.array(Rival).optional(),
  /** How an earlier run of the same sweep split its prompts; taken over where that keeps within the memory. */
  split: PromptSplit.optional(),
  /**
   * For each prompt the models, and behind them the rivals, whose probabilities are known. Models are computed part by part,
   * the same parts for the same split, models and device; those of which all is known are left out.
   */
  known: z.array(z.array(z.number().int())).optional(),
  /**
   * Of several requests for one pair, device and precision: each uses what those before it have left, and leaves the weights that it reads,
   * or those and the hidden states that it computes, as far as memoryBytes allows. One that leaves nothing is done sooner. Until the session ends.
   */
  session: z.object({ id: z.string(), leaves: z.enum(['nothing', 'weights', 'states']) }).optional()
})
export type SweepRequest = z.infer<typeof SweepRequest>

/** What all requests of a session compute with. */
export const SessionRequest = SweepRequest.pick({ base: true, post: true, device: true }).extend({
  id: z.string(),
  /** Bound on the whole process, within which the pair's weights are read until the first request comes; left out: none are. */
  memoryBytes: SweepRequest.shape.memoryBytes.optional()
})
export type SessionRequest = z.infer<typeof SessionRequest>

export const EngineSweepEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('plan'),
    rowsTotal: z.number(),
    split: PromptSplit,
    /** What the process takes when it takes most. */
    peakBytes: z.number(),
    /** Layers of which base's and post's are the same, bit for bit, and so one block. */
    identicalLayers: z.array(z.number().int()),
    device: DeviceName,
    precision: Precision
  }),
  z.object({
    type: z.literal('progress'),
    rowsDone: z.number(),
    layer: z.number().int(),
    group: z.number().int()
  }),
  z.object({
    type: z.literal('probabilities'),
    /** Index into `models`, or behind them into `rivals`. */
    model: z.number().int(),
    /** Indices into `prompts`, and for each the summed probability of each of its groups. */
    prompts: z.array(z.number().int()),
    probabilities: z.array(z.array(z.number())),
    /** For each prompt the same under the other samplers, [samplers][groups] as little-endian float32 in base64. */
    whatIf: z.array(z.base64()).optional()
  }),
  /** A part of a group's models is done: their probabilities of these prompts were sent before. */
  z.object({
    type: z.literal('part'),
    prompts: z.array(z.number().int()),
    work: Work.pick({ blockEvaluations: true, weightBytesRead: true })
  }),
  /** A prompt group is done: every model's probabilities of these prompts were sent before, or known. */
  z.object({
    type: z.literal('group'),
    prompts: z.array(z.number().int()),
    work: Work.pick({ packedTokens: true, promptTokens: true })
  }),
  z.object({
    type: z.literal('done'),
    work: Work,
    /**
     * Time that reading and converting weights took, in a thread beside the computing, that of converting alone, how much
     * of it was waited for, and most buffers in use at once.
     */
    reading: z.object({
      readMs: z.number(),
      convertMs: z.number(),
      waitMs: z.number(),
      peakBuffers: z.number().int()
    }),
    /** Bytes copied between main memory and the device's own; null where there is no telling. */
    moved: z.object({ toDevice: z.number(), fromDevice: z.number() }).nullable(),
    seconds: z.number()
  })
])
export type EngineSweepEvent = z.infer<typeof EngineSweepEvent>

export const ProbeRequest = z.object({ ...pair, model: Model, prompts: z.array(tokens).min(1) })
export type ProbeRequest = z.infer<typeof ProbeRequest>

/** Answers to a prompt, to be read by a model rather than written. */
export const ReadPrompt = z.object({ tokens, answers: z.array(tokens) })
export type ReadPrompt = z.infer<typeof ReadPrompt>

export const ReadRequest = z.object({
  ...pair,
  model: Model,
  prompts: z.array(ReadPrompt).min(1),
  /** Bound on the hidden states held at once; prompts are read in groups to keep it. */
  stateBytes: z.number().positive()
})
export type ReadRequest = z.infer<typeof ReadRequest>

/** What a model makes of one answer. */
export const EngineReadEvent = z.object({
  /** Index into `prompts`, and into its answers. */
  prompt: z.number().int(),
  answer: z.number().int(),
  /** Sum over the answer's tokens of their log-probability after all before them, in nats. */
  logLikelihood: z.number(),
  /** Mean of the hidden states at the answer's tokens, after the final norm, [hidden]; float32 values as base64. */
  embedding: z.base64()
})
export type EngineReadEvent = z.infer<typeof EngineReadEvent>

/** Texts, as tokens of its own tokenizer, for a sentence-embedding model from outside the pair. */
export const EmbedRequest = z.object({ file: z.string(), texts: z.array(tokens.min(1)).min(1) })
export type EmbedRequest = z.infer<typeof EmbedRequest>

export const EngineEmbedEvent = z.object({
  /** Index into `texts`. */
  text: z.number().int(),
  /** Of length 1, [hidden]; float32 values as base64. */
  embedding: z.base64()
})
export type EngineEmbedEvent = z.infer<typeof EngineEmbedEvent>

/**
 * Groups of texts, as tokens of its own tokenizer without special ones, that a classifier of pairs from outside the pair sorts into
 * classes.
 */
export const PartitionRequest = z.object({
  file: z.string(),
  /** Tokens before and behind each text. */
  begin: z.number().int(),
  end: z.number().int(),
  groups: z
    .array(
      z.object({
        texts: z.array(z.array(z.number().int().nonnegative())).max(100),
        /** [text][later text]: whether they are the same, where that is known without the classifier. */
        decided: z.array(z.array(z.boolean().nullable()))
      })
    )
    .min(1)
})
export type PartitionRequest = z.infer<typeof PartitionRequest>

/** Into how many classes the texts of a group fall. */
export const EnginePartitionEvent = z.object({ group: z.number().int(), classCount: z.number().int() })
export type EnginePartitionEvent = z.infer<typeof EnginePartitionEvent>

/** A small pair whose logits a device is to compute, to see whether it computes them right. */
export const CheckDeviceRequest = z.object({
  base: z.string(),
  post: z.string(),
  device: DeviceName
})
export type CheckDeviceRequest = z.infer<typeof CheckDeviceRequest>

/** One answer: indices into a request's models and prompts, and its number among their answers. */
export const AnswerKey = z.object({
  model: z.number().int(),
  prompt: z.number().int(),
  index: z.number().int()
})
export type AnswerKey = z.infer<typeof AnswerKey>

export const GenerateRequest = z.object({
  ...pair,
  device: GenerationDevice.default('cpu'),
  models: z.array(AnsweringModel).min(1),
  prompts: z.array(tokens).min(1),
  /** Answers 0 .. sampleCount - 1 of every model to every prompt, */
  sampleCount: z.number().int().min(1),
  /** except these, which an earlier request generated. */
  finished: z.array(AnswerKey),
  seed: z.number().int(),
  sampling: Sampling,
  maxTokens: z.number().int().min(1),
  stopTokens: z.array(z.number().int().nonnegative()),
  /** Texts that end an answer; the answer keeps what comes before them. */
  stopTexts: z.array(z.string().min(1)),
  /** Left out: as the products are computed, fp32 or fp16, when that fits into memoryBytes, otherwise int8. */
  weights: HeldWeights.optional(),
  /** Bound on the peak memory of the process, that of a device of its own included. */
  memoryBytes: z.number().positive(),
  /** Most sequences generated side by side, over all models. */
  batchRows: z.number().int().min(1)
})
export type GenerateRequest = z.infer<typeof GenerateRequest>

export const EngineGenerateEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('plan'),
    device: GenerationDevice,
    precision: Precision,
    weights: HeldWeights,
    /** Weights as they are given to sessions; keys and values of running sequences at their longest. */
    weightBytes: z.number(),
    keyValueBytes: z.number(),
    /** All that the process takes, at its largest. */
    peakBytes: z.number(),
    rows: z.number().int(),
    sampleTotal: z.number().int()
  }),
  /** The tokens of one step, one for each sequence that got one. */
  z.object({ type: z.literal('tokens'), tokens: z.array(AnswerKey.extend({ token: z.number().int() })) }),
  /** A finished answer, without the stop token. */
  AnswerKey.extend({
    type: z.literal('sample'),
    tokens: z.array(z.number().int()),
    finish: z.enum(['stop', 'length'])
  }),
  z.object({
    type: z.literal('done'),
    tokenCount: z.number().int(),
    steps: z.number().int(),
    seconds: z.number()
  })
])
export type EngineGenerateEvent = z.infer<typeof EngineGenerateEvent>

/** A plan as the engine makes it. Main adds times, which it knows from earlier sweeps. */
export const EnginePlan = SweepPlan.omit({
  preview: true,
  seconds: true,
  timedBy: true
})
export type EnginePlan = z.infer<typeof EnginePlan>

export const engineContract = {
  /** What a sweep would do and take; tries out how fast this machine is. */
  plan: procedure.input(SweepRequest).output(EnginePlan),
  sweep: procedure.input(SweepRequest).output(eventIterator(EngineSweepEvent)),
  /**
   * Answers as soon as the engine can compute, with the threads that read for it: it is started while whoever needs it prepares what to ask.
   * Within so much memory a session of sweeps will be opened; left out: a sweep by itself will be asked for.
   */
  ready: procedure.input(SessionRequest.pick({ memoryBytes: true })).output(z.void()),
  /** Opens what a session of sweeps computes with while nobody knows yet what its first asks for. */
  openSession: procedure.input(SessionRequest).output(z.void()),
  /** Lets go of what a session of sweeps keeps. */
  endSession: procedure.input(z.object({ id: z.string() })).output(z.void()),
  /** Answers when the calls that have been cancelled are over. */
  cancelledEnded: procedure.output(z.void()),
  generate: procedure.input(GenerateRequest).output(eventIterator(EngineGenerateEvent)),
  /** Logits of each prompt's last position: [prompts][vocabulary]. */
  probe: procedure.input(ProbeRequest).output(z.object({ logits: z.array(z.array(z.number())) })),
  /** What a model makes of given answers; see {@link EngineReadEvent}. */
  read: procedure.input(ReadRequest).output(eventIterator(EngineReadEvent)),
  embed: procedure.input(EmbedRequest).output(eventIterator(EngineEmbedEvent)),
  partition: procedure.input(PartitionRequest).output(eventIterator(EnginePartitionEvent)),
  checkDevice: procedure.input(CheckDeviceRequest).output(DeviceCheck)
}
export type EngineContract = typeof engineContract
