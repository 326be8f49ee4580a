import { postTextFolder } from '../../checkpoint/model-folder'
import type { GenerateRequest } from '../../../contract/procedures/engine'
import { type LocalTextModel, loadTextModel } from '../../text/text-model'

/** Returns the tokens before a stop text, if the text of these answer tokens contains one, else null. */
export type StopText = (tokens: readonly number[]) => number[] | null

/** Returns a function that finds a request's stop texts. The tokenizer is loaded only if there are any. */
export async function stopTextOf({ base, post, stopTexts }: GenerateRequest): Promise<StopText> {
  return stopTexts.length === 0
    ? () => null
    : stopTextIn(await loadTextModel(await postTextFolder({ base, post })), stopTexts)
}

/**
 * Creates a function that ends an answer directly before its first stop text. If this is within a token, the text
 * before the stop text is tokenised again.
 */
export function stopTextIn(text: Pick<LocalTextModel, 'encode' | 'decode'>, stopTexts: readonly string[]): StopText {
  return (tokens) => {
    const answer = text.decode(tokens)
    const starts = stopTexts.map((stop) => answer.indexOf(stop)).filter((start) => start !== -1)
    if (starts.length === 0) return null
    const textBeforeStop = answer.slice(0, Math.min(...starts))
    const tokenCount = tokens.findIndex((_, count) => text.decode(tokens.slice(0, count)) === textBeforeStop)
    if (tokenCount !== -1) return tokens.slice(0, tokenCount)
    return text.encode(textBeforeStop)
  }
}
