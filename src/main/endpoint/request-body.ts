import { createHash } from 'node:crypto'
import type { TaskSettings } from '../../contract/documents/task'
import type { Sampling } from '../../contract/model/sampling'
import type { Endpoint } from '../../contract/model/external-model'
import type { ServerProgram } from './server-program'

export interface EndpointPrompt {
  /** Turns, for `chat`; empty for a prompt to continue. */
  turns: readonly { role: 'system' | 'user'; content: string }[]
  /** Text that the model continues, for `completions`. */
  rendered: string
}

export interface RequestSettings extends TaskSettings {
  templateArguments: Readonly<Record<string, unknown>>
}

/** Form of the sampler's fields for a server. */
export interface SamplerForm {
  /** Null for a server that does not identify itself. */
  program: ServerProgram | null
  /** True to send also fields that have no effect, because servers would replace them by defaults of their own. */
  sendsNeutral: boolean
}

/**
 * Builds the body of a request for `n` answers, with extensions of OpenAI's API such as `min_p`.
 *
 * @param first index of the first answer, from which the seed is derived
 */
export function requestBody(
  { model, through }: Pick<Endpoint, 'model' | 'through'>,
  prompt: EndpointPrompt,
  settings: RequestSettings,
  { promptIndex, first, n }: { promptIndex: number; first: number; n: number },
  samplerForm: SamplerForm
): Record<string, unknown> {
  const { sampling, maxTokens, stopTexts, templateArguments } = settings
  const hasArguments = Object.keys(templateArguments).length > 0
  const chat = { messages: prompt.turns, ...(hasArguments ? { chat_template_kwargs: templateArguments } : {}) }
  return {
    model,
    ...(through === 'completions' ? { prompt: prompt.rendered } : chat),
    ...samplerFields(sampling, samplerForm),
    max_tokens: maxTokens,
    ...(stopTexts.length === 0 ? {} : { stop: stopTexts }),
    seed: requestSeed(settings.seed, promptIndex, first),
    ...(n === 1 ? {} : { n }),
    stream: false
  }
}

/** Switches top-k off in vLLM and SGLang; llama.cpp treats it as 0, which has the same effect. */
const ALL_TOKENS = -1

/** Builds the fields of the sampler. At temperature 0, fields that select tokens have no effect and are left out. */
function samplerFields(
  { temperature, topK, topP, minP, repetitionPenalty }: Sampling,
  { program, sendsNeutral }: SamplerForm
): Record<string, unknown> {
  const fields: Record<string, unknown> = { temperature }
  const add = (field: string, value: number, neutral: number): void => {
    if (sendsNeutral || value !== neutral) fields[field] = value
  }
  if (temperature !== 0) {
    add('top_p', topP, 1)
    add('min_p', minP, 0)
    add('top_k', topK ?? ALL_TOKENS, ALL_TOKENS)
    if (program === 'llama.cpp') fields['samplers'] = LLAMA_CPP_ORDER
  }
  for (const name of PENALTIES[program ?? 'unknown']) add(name, repetitionPenalty, 1)
  if (program === 'llama.cpp' && repetitionPenalty !== 1) fields['repeat_last_n'] = LLAMA_CPP_PENALTY_TOKENS
  return fields
}

/** Names of the repetition penalty for each program. An unknown server receives both, and may ignore either. */
const PENALTIES: Record<ServerProgram | 'unknown', readonly string[]> = {
  vLLM: ['repetition_penalty'],
  SGLang: ['repetition_penalty'],
  'SLR Workbench': ['repetition_penalty'],
  'llama.cpp': ['repeat_penalty'],
  unknown: ['repetition_penalty', 'repeat_penalty']
}

/** Order of samplers for llama.cpp, which otherwise divides by the temperature last (its tools/server/README.md). */
const LLAMA_CPP_ORDER = ['penalties', 'temperature', 'top_k', 'top_p', 'min_p']

/** Tokens that llama.cpp's penalty covers: prompt and answer, as in other programs. Its default is 64. */
const LLAMA_CPP_PENALTY_TOKENS = 131_072

/** Derives the seed of a request, which is equal when the request is repeated. All servers accept 31 bits. */
function requestSeed(seed: number, prompt: number, first: number): number {
  const digest = createHash('sha256').update(`${seed} ${prompt} ${first}`).digest()
  return digest.readUInt32LE(0) >>> 1
}
