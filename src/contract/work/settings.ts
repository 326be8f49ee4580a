import { z } from 'zod'
import { Rendering } from '../documents/crc'
import { MAX_OTHER_CHECKPOINTS } from '../documents/project'
import { Task } from '../documents/task'
import { DeviceChoice, GenerationDevice, Precision } from '../model/device'
import { EndpointContact } from '../model/endpoint'
import { Prompting } from '../model/prompting'
import { UniformBlendCount } from '../model/recipe'
import { WeightStorage, Sampling } from '../model/sampling'

/* Settings of work. Each has the name of its command-line option. A setting that is left out has the pair's default. */

export const SamplerSettings = z
  .object({
    temperature: Sampling.shape.temperature,
    /** 0 keeps all tokens. */
    topK: z.number().int().min(0),
    topP: Sampling.shape.topP,
    minP: Sampling.shape.minP,
    repetitionPenalty: Sampling.shape.repetitionPenalty
  })
  .partial()
export type SamplerSettings = z.infer<typeof SamplerSettings>

export function changedSampling(
  { temperature, topK, topP, minP, repetitionPenalty }: SamplerSettings,
  sampling: Sampling
): Sampling {
  return {
    temperature: temperature ?? sampling.temperature,
    topK: topK === undefined ? sampling.topK : topK === 0 ? null : topK,
    topP: topP ?? sampling.topP,
    minP: minP ?? sampling.minP,
    repetitionPenalty: repetitionPenalty ?? sampling.repetitionPenalty
  }
}

export const RenderingSettings = z
  .object({
    system: Rendering.shape.systemPrompt,
    /** Variables of the chat template with their values. */
    templateArgument: z.array(z.tuple([z.string(), Rendering.shape.templateArguments.valueType])),
    date: Rendering.shape.date,
    assistantPrefix: Rendering.shape.assistantPrefix
  })
  .partial()
export type RenderingSettings = z.infer<typeof RenderingSettings>

export function changedRendering(
  { system, date, assistantPrefix, templateArgument = [] }: RenderingSettings,
  rendering: Rendering
): Rendering {
  return {
    ...rendering,
    systemPrompt: system ?? rendering.systemPrompt,
    date: date ?? rendering.date,
    assistantPrefix: assistantPrefix ?? rendering.assistantPrefix,
    templateArguments: { ...rendering.templateArguments, ...Object.fromEntries(templateArgument) }
  }
}

const rho = z.number().min(0).max(1)
const seed = z.number().int().min(0)

export const SweepSettings = z
  .object({
    prompts: z.string(),
    /** Name of a task, a file, or `crc` for the character task. */
    task: z.string(),
    /** Task on which the selected range should have the most coverage, while precision on the task `keep` is kept. */
    regain: z.string(),
    keep: z.string(),
    draws: z.number().int().min(1),
    split: z.boolean(),
    /** File with recipes that replace the ranges. */
    recipes: z.string(),
    /** Number of uniform blends; true for the default number. */
    uniformBlends: z.union([z.literal(true), UniformBlendCount]),
    checkpoint: z.array(z.string()),
    /** Checkpoint that layers are restored to: a folder, a name in the project, or `base`. */
    source: z.string(),
    whatIf: z.boolean(),
    countLeadingSpace: z.boolean(),
    preview: z.boolean(),
    check: z.boolean(),
    /** Number of candidates that the best range, and the best baseline of each family, are picked from. */
    budget: z.number().int().min(1).max(10_000),
    rho,
    seed,
    device: DeviceChoice,
    precision: Precision,
    /** Memory limit of the engine process in bytes. */
    memory: z.number().positive()
  })
  .partial()
  .extend(SamplerSettings.shape)
  .extend(RenderingSettings.shape)
export type SweepSettings = z.infer<typeof SweepSettings>

const taskId = Task.shape.id.optional()

/** Settings of a lineage of a project's pair. Tasks are ids of the project's tasks. */
export const LineageSettings = z.object({
  task: taskId,
  regain: taskId,
  keep: taskId,
  /** Ids of other checkpoints of the pair that lie between base and post, in the order of the training. */
  stages: z.array(z.string()).max(MAX_OTHER_CHECKPOINTS)
})
export type LineageSettings = z.infer<typeof LineageSettings>

const computed = { device: DeviceChoice, precision: Precision }

export const CheckSettings = z
  .object({
    from: z.string(),
    /** Number of ranges to check: the best of those without a check. */
    best: z.number().int().min(1),
    rho,
    ...computed
  })
  .partial()

export const SearchCommandSettings = z
  .object({
    from: z.string(),
    check: z.string(),
    method: z.string(),
    budget: z.number().int().min(1),
    beam: z.number().int().min(1),
    generations: z.number().int().min(1),
    strengths: z.array(z.number()),
    orders: z.number().int().min(2),
    halves: z.boolean(),
    starts: z.array(z.string()),
    /** Least and greatest strength. */
    bounds: z.tuple([z.number(), z.number()]),
    rho,
    seed,
    ...computed
  })
  .partial()

const answering = {
  /** Answers per prompt and model. */
  n: z.number().int().min(1),
  seed,
  /** Addresses that may be sent prompts. */
  allowAddress: z.array(EndpointContact),
  device: GenerationDevice,
  precision: Precision,
  weights: WeightStorage
}

export const SampleCommandSettings = z
  .object({
    prompts: z.string(),
    maxTokens: z.number().int().min(1),
    stop: z.array(z.string()),
    memory: z.number().positive(),
    ...answering
  })
  .partial()
  .extend(SamplerSettings.shape)
  .extend(RenderingSettings.shape)

export const EvaluateSettings = z
  .object({
    task: z.string(),
    variants: z.string(),
    /** Additional ways of prompting, which every model is also asked by. */
    prompting: z.array(Prompting),
    embeddingModel: z.string(),
    classifier: z.string(),
    against: z.string(),
    judge: z.string(),
    ...answering
  })
  .partial()
  .extend(RenderingSettings.shape)
