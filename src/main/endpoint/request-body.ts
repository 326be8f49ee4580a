import { createHash } from 'node:crypto'
import type { TaskSettings } from '../../contract/documents/task'
import type { Sampling } from '../../contract/model/sampling'
import type { Endpoint } from '../../contract/model/outside-model'

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

/**
 * One request for some answers. `min_p`, `top_k`, `repetition_penalty` and `chat_template_kwargs` are extensions of vLLM, SGLang and
 * llama.cpp, and sent only where they change something.
 *
 * @param n answers to the prompt, the first of them number `first`
 */
export function requestBody(
  { model, through }: Pick<Endpoint, 'model' | 'through'>,
  prompt: AskedPrompt,
  settings: RequestSettings,
  { place, first, n }: { place: number; first: number; n: number }
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
    ...samplerFields(sampling),
    max_tokens: maxTokens,
    ...(stopTexts.length === 0 ? {} : { stop: stopTexts }),
    seed: requestSeed(settings.seed, place, first),
    ...(n === 1 ? {} : { n }),
    stream: false
  }
}

function samplerFields({
  temperature,
  topK,
  topP,
  minP,
  repetitionPenalty
}: Sampling): Partial<Record<string, number>> {
  const repetition = repetitionPenalty === 1 ? {} : { repetition_penalty: repetitionPenalty }
  // Greedy: nothing is drawn, so nothing is cut off.
  if (temperature === 0) return { temperature, ...repetition }
  return {
    temperature,
    ...(topP === 1 ? {} : { top_p: topP }),
    ...(minP === 0 ? {} : { min_p: minP }),
    ...(topK === null ? {} : { top_k: topK }),
    ...repetition
  }
}

/** The extensions of a request that a server may not know, by the names that people know. */
export function extensionsOf(sampling: Sampling): string[] {
  const named = { min_p: 'min-p', top_k: 'top-k', repetition_penalty: 'repetition penalty' }
  const sent = samplerFields(sampling)
  return Object.entries(named).flatMap(([field, name]) => (field in sent ? [name] : []))
}

/** A seed of its own for each request, the same whenever it is made again; 31 bits, which every server takes. */
function requestSeed(seed: number, place: number, first: number): number {
  const digest = createHash('sha256').update(`${seed} ${place} ${first}`).digest()
  return digest.readUInt32LE(0) >>> 1
}
