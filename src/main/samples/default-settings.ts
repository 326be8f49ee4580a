import type { Sampling } from '../../contract/model/sampling'
import { PAPER_SAMPLING, type SampleSettings } from '../../contract/documents/samples'
import { defaultMemoryBytes } from '../base/engine-memory'
import { type GenerationConfig, openGenerationConfig } from '../checkpoint/generation-config'

/** Default limits that give a first result quickly. */
const DEFAULT_MAX_TOKENS = 256
const DEFAULT_SAMPLE_COUNT = 8

/** Default of transformers' `top_k` if the config samples without one; null and 0 switch it off. */
const TRANSFORMERS_TOP_K = 50

/** Fields of a generation config that determine a sampler. A config without any of them has no sampler. */
const SAMPLING_FIELDS = [
  'do_sample',
  'temperature',
  'top_k',
  'top_p',
  'min_p',
  'repetition_penalty'
] as const satisfies readonly (keyof GenerationConfig)[]

/** Returns the default settings of a model's answers. The sampler is generation_config.json's, or else the paper's. */
export async function defaultSampleSettings(folder: string): Promise<SampleSettings> {
  const config = await openGenerationConfig(folder)
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

function samplingOf(config: GenerationConfig): Sampling {
  if (SAMPLING_FIELDS.every((field) => (config[field] ?? null) === null)) return PAPER_SAMPLING
  const topK = config.top_k === undefined ? TRANSFORMERS_TOP_K : (config.top_k ?? 0)
  return {
    temperature: config.do_sample === false ? 0 : (config.temperature ?? 1),
    topK: topK > 0 ? topK : null,
    topP: config.top_p ?? 1,
    minP: config.min_p ?? 0,
    repetitionPenalty: config.repetition_penalty ?? 1
  }
}
