import type { GenerateRequest } from '../../../contract/procedures/engine'
import { type LocalTextModel, loadTextModel } from '../../text/text-model'

/** The tokens that come before a stop text, once the text of these answer tokens holds one. */
export type StopText = (tokens: readonly number[]) => number[] | null

/** Watches answers for a request's stop texts; the tokenizer is loaded only when there are any. */
export async function stopTextOf({ post, stopTexts }: GenerateRequest): Promise<StopText> {
  return stopTexts.length === 0 ? () => null : stopTextIn(await loadTextModel(post), stopTexts)
}

/**
 * An answer ends right before a stop text, as servers have it. A token may hold both, such as a full stop and a line break: then its text
 * is kept as far as the stop text, in the tokens that the tokenizer makes of it, as answers from elsewhere are stored.
 */
export function stopTextIn(
  text: Pick<LocalTextModel, 'encode' | 'decode'>,
  stopTexts: readonly string[]
): StopText {
  return (tokens) => {
    const answer = text.decode(tokens)
    const found = stopTexts.map((stop) => answer.indexOf(stop)).filter((place) => place !== -1)
    if (found.length === 0) return null
    const kept = answer.slice(0, Math.min(...found))
    const whole = tokens.findIndex((_, count) => text.decode(tokens.slice(0, count)) === kept)
    if (whole !== -1) return tokens.slice(0, whole)
    return text.encode(kept)
  }
}
