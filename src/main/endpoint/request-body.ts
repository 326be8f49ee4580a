import { createHash } from 'node:crypto'
import type { TaskSettings } from '../../contract/documents/task'
import type { Sampling } from '../../contract/model/sampling'
import type { Endpoint } from '../../contract/model/external-model'
import type { ServerProgram } from './server-program'

/** A prompt as an endpoint is asked it. */
export interface AskedPrompt {
  /** Turns, for `chat`; empty for a prompt that is to be continued. */
  turns: readonly { role: 'system' | 'user'; content: string }[]
  /** The text that the model continues, for `completions`. */
  rendered: string
}

/** What all requests of a run have in common. */
export interface RequestSettings extends TaskSettings {
  /** Of the chat template, as far as they are not its own. */
  templateArguments: Readonly<Record<string, unknown>>
}

/** How a request tells a server what it is to draw from. */
export interface Telling {
  /** Null: a server that does not say what it is. */
  program: ServerProgram | null
  /**
   * Whether it is told also what is off, as it has to be: vLLM and SGLang take what a request leaves out from the model's
   * `generation_config.json`, llama.cpp has top-k 40, top-p 0.95 and min-p 0.05 of its own.
   */
  whatIsOff: boolean
}

/**
 * One request for some answers. `min_p`, `top_k`, `chat_template_kwargs` and the repetition penalty are extensions of vLLM, SGLang and
 * llama.cpp.
 *
 * @param n answers to the prompt, the first of them number `first`
 */
export function requestBody(
  { model, through }: Pick<Endpoint, 'model' | 'through'>,
  prompt: AskedPrompt,
  settings: RequestSettings,
  { place, first, n }: { place: number; first: number; n: number },
  telling: Telling
): Record<string, unknown> {
  const { sampling, maxTokens, stopTexts, templateArguments } = settings
  const asked =
    through === 'completions'
      ? { prompt: prompt.rendered }
      : {
          messages: prompt.turns,
          ...(Object.keys(templateArguments).length === 0 ? {} : { chat_template_kwargs: templateArguments })
        }
  return {
    model,
    ...asked,
    ...samplerFields(sampling, telling),
    max_tokens: maxTokens,
    ...(stopTexts.length === 0 ? {} : { stop: stopTexts }),
    seed: requestSeed(settings.seed, place, first),
    ...(n === 1 ? {} : { n }),
    stream: false
  }
}

/** Keeps everything to vLLM and SGLang; llama.cpp takes it as 0, which does. */
const ALL_TOKENS = -1

/** @returns fields of a request; at temperature 0 nothing is drawn, so nothing is cut off */
function samplerFields(
  { temperature, topK, topP, minP, repetitionPenalty }: Sampling,
  { program, whatIsOff }: Telling
): Record<string, unknown> {
  const told = (field: string, value: number, off: number): Record<string, number> =>
    whatIsOff || value !== off ? { [field]: value } : {}
  const cut =
    temperature === 0
      ? {}
      : {
          ...told('top_p', topP, 1),
          ...told('min_p', minP, 0),
          ...told('top_k', topK ?? ALL_TOKENS, ALL_TOKENS),
          ...(program === 'llama.cpp' ? { samplers: LLAMA_CPP_ORDER } : {})
        }
  const names = PENALTIES[program ?? 'unknown'].map((name) => told(name, repetitionPenalty, 1))
  const reach = program === 'llama.cpp' && repetitionPenalty !== 1 ? LLAMA_CPP_REACH : {}
  return { temperature, ...cut, ...Object.assign({}, ...names), ...reach }
}

/** What servers call the repetition penalty; some leave out a field that they do not know without a word. */
const PENALTIES: Record<ServerProgram | 'unknown', readonly string[]> = {
  vLLM: ['repetition_penalty'],
  SGLang: ['repetition_penalty'],
  'llama.cpp': ['repeat_penalty'],
  unknown: ['repetition_penalty', 'repeat_penalty']
}

/**
 * Left alone llama.cpp divides by the temperature last, behind top-p and min-p, and adds samplers that its command line names. vLLM,
 * SGLang and this program's engine divide first (tools/server/README.md of llama.cpp, "samplers").
 */
const LLAMA_CPP_ORDER = ['penalties', 'temperature', 'top_k', 'top_p', 'min_p']

/** Tokens back to which the penalty reaches: prompt and answer, as elsewhere. Left alone it reaches 64. */
const LLAMA_CPP_REACH = { repeat_last_n: 131_072 }

/** A seed of its own for each request, the same whenever it is made again; 31 bits, which every server takes. */
function requestSeed(seed: number, place: number, first: number): number {
  const digest = createHash('sha256').update(`${seed} ${place} ${first}`).digest()
  return digest.readUInt32LE(0) >>> 1
}
