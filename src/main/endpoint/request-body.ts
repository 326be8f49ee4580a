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
  /** True to send also the parts that are off, because servers would fill them with defaults of their own. */
  whatIsOff: boolean
}

/** Builds the body of a request, with extensions such as `min_p`. @param n number of answers from `first` on */
export function requestBody(
  { model, through }: Pick<Endpoint, 'model' | 'through'>,
  prompt: EndpointPrompt,
  settings: RequestSettings,
  { promptIndex, first, n }: { promptIndex: number; first: number; n: number },
  samplerForm: SamplerForm
): Record<string, unknown> {
  const { sampling, maxTokens, stopTexts, templateArguments } = settings
  const content =
    through === 'completions'
      ? { prompt: prompt.rendered }
      : {
          messages: prompt.turns,
          ...(Object.keys(templateArguments).length === 0 ? {} : { chat_template_kwargs: templateArguments })
        }
  return {
    model,
    ...content,
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

/** Builds the fields of the sampler. At temperature 0 the other fields are left out, because they have no effect. */
function samplerFields(
  { temperature, topK, topP, minP, repetitionPenalty }: Sampling,
  { program, whatIsOff }: SamplerForm
): Record<string, unknown> {
  const fieldUnlessOff = (field: string, value: number, off: number): Record<string, number> =>
    whatIsOff || value !== off ? { [field]: value } : {}
  const cut =
    temperature === 0
      ? {}
      : {
          ...fieldUnlessOff('top_p', topP, 1),
          ...fieldUnlessOff('min_p', minP, 0),
          ...fieldUnlessOff('top_k', topK ?? ALL_TOKENS, ALL_TOKENS),
          ...(program === 'llama.cpp' ? { samplers: LLAMA_CPP_ORDER } : {})
        }
  const names = PENALTIES[program ?? 'unknown'].map((name) => fieldUnlessOff(name, repetitionPenalty, 1))
  const reach = program === 'llama.cpp' && repetitionPenalty !== 1 ? LLAMA_CPP_PENALTY_RANGE : {}
  return { temperature, ...cut, ...Object.assign({}, ...names), ...reach }
}

/** Names of the repetition penalty; some servers silently ignore unknown fields. */
const PENALTIES: Record<ServerProgram | 'unknown', readonly string[]> = {
  vLLM: ['repetition_penalty'],
  SGLang: ['repetition_penalty'],
  'SLR Workbench': ['repetition_penalty'],
  'llama.cpp': ['repeat_penalty'],
  unknown: ['repetition_penalty', 'repeat_penalty']
}

/** Order of samplers for llama.cpp, which otherwise divides by the temperature last (its tools/server/README.md). */
const LLAMA_CPP_ORDER = ['penalties', 'temperature', 'top_k', 'top_p', 'min_p']

/** Range of llama.cpp's penalty, which covers prompt and answer as elsewhere; the default is 64 tokens. */
const LLAMA_CPP_PENALTY_RANGE = { repeat_last_n: 131_072 }

/** Derives a seed for each request, the same for a repetition; 31 bits, which every server accepts. */
function requestSeed(seed: number, prompt: number, first: number): number {
  const digest = createHash('sha256').update(`${seed} ${prompt} ${first}`).digest()
  return digest.readUInt32LE(0) >>> 1
}
