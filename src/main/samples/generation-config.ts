import { join } from 'node:path'
import { z } from 'zod'
import { Sampling } from '../../contract/engine'
import { describeIssue, WorkbenchError } from '../../contract/problem'
import { PAPER_SAMPLING, type SampleSettings } from '../../contract/samples'
import { readJsonFile } from '../base/files/bounded-file'
import type { Checkpoint } from '../checkpoint/checkpoint'
import { defaultMemoryBytes } from '../base/default-memory'
import type { TextModel } from '../text/text-model'

/** Real ones have a few hundred bytes. */
const MAX_BYTES = 1_000_000

/** Longer answers only on request: a first look should come soon. */
const DEFAULT_MAX_TOKENS = 256
const DEFAULT_SAMPLE_COUNT = 8

const tokenId = z.number().int().nonnegative()
const EndTokens = z
  .union([tokenId.transform((id) => [id]), z.array(tokenId)])
  .nullish()
  .transform((ids) => ids ?? [])

const { temperature, topP, minP, repetitionPenalty } = Sampling.shape

/** What generation_config.json says of how to sample, with transformers' names. */
const GenerationConfig = z.looseObject({
  eos_token_id: EndTokens,
  do_sample: z.boolean().nullish(),
  temperature: temperature.nullish(),
  /** 0 and -1 are in use for "off". */
  top_k: z.number().int().min(-1).nullish(),
  top_p: topP.nullish(),
  min_p: minP.nullish(),
  repetition_penalty: repetitionPenalty.nullish(),
  max_new_tokens: z.number().int().min(1).nullish()
})
type GenerationConfig = z.infer<typeof GenerationConfig>

/** Fields that say how to draw; a config without any of them leaves it open. */
const SAMPLING_FIELDS = [
  'do_sample',
  'temperature',
  'top_k',
  'top_p',
  'min_p',
  'repetition_penalty'
] as const satisfies readonly (keyof GenerationConfig)[]

/**
 * The settings that a model folder's generation_config.json asks for; what it leaves open as the paper has it.
 *
 * @throws WorkbenchError `bad-file` naming the field that is wrong
 */
export async function defaultSampleSettings(folder: string): Promise<SampleSettings> {
  const config = await readGenerationConfig(folder)
  return {
    sampling: samplingOf(config),
    maxTokens: Math.min(config.max_new_tokens ?? DEFAULT_MAX_TOKENS, DEFAULT_MAX_TOKENS),
    stopTexts: [],
    seed: 1,
    sampleCount: DEFAULT_SAMPLE_COUNT,
    device: 'cpu',
    memoryBytes: defaultMemoryBytes()
  }
}

/**
 * The tokens that end an answer: generation_config.json's, else config.json's, else the tokenizer's end token. A model may
 * have none.
 *
 * @param text of the checkpoint; null when it has no tokenizer
 * @throws WorkbenchError `bad-file` naming the field that is wrong
 */
export async function endTokens(checkpoint: Checkpoint, text: TextModel | null): Promise<number[]> {
  const generation = await readGenerationConfig(checkpoint.path)
  if (generation.eos_token_id.length > 0) return generation.eos_token_id
  const config = z.looseObject({ eos_token_id: EndTokens }).safeParse(checkpoint.config)
  if (!config.success) throw badConfig(checkpoint.configPath, config.error)
  if (config.data.eos_token_id.length > 0) return config.data.eos_token_id
  const endToken = text?.specialTokens.get('eos_token')
  const encoded = endToken === undefined ? undefined : text?.encode(endToken)
  // More than one token means that the vocabulary does not have it.
  return encoded?.length === 1 ? encoded : []
}

function samplingOf(config: GenerationConfig): Sampling {
  if (SAMPLING_FIELDS.every((field) => (config[field] ?? null) === null)) return PAPER_SAMPLING
  const topK = config.top_k ?? 0
  return {
    temperature: config.do_sample === false ? 0 : (config.temperature ?? 1),
    topK: topK > 0 ? topK : null,
    topP: config.top_p ?? 1,
    minP: config.min_p ?? 0,
    repetitionPenalty: config.repetition_penalty ?? 1
  }
}

async function readGenerationConfig(folder: string): Promise<GenerationConfig> {
  const file = join(folder, 'generation_config.json')
  const parsed = GenerationConfig.safeParse(await readOptional(file))
  if (!parsed.success) throw badConfig(file, parsed.error)
  return parsed.data
}

async function readOptional(file: string): Promise<unknown> {
  try {
    return await readJsonFile(file, MAX_BYTES)
  } catch (error) {
    if (error instanceof WorkbenchError && error.problem.code === 'not-found') return {}
    throw error
  }
}

function badConfig(file: string, error: z.ZodError): WorkbenchError {
  return new WorkbenchError('bad-file', `${file}: ${describeIssue(error)}`)
}
