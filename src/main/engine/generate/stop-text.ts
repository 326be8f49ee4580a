import type { GenerateRequest } from '../../../contract/procedures/engine'
import { loadTextModel } from '../../text/text-model'

/** Whether the text of these answer tokens holds a stop text, and how many tokens come before it. */
export type StopText = (tokens: readonly number[]) => number | null

/** Watches answers for a request's stop texts; the tokenizer is loaded only when there are any. */
export async function stopTextOf({ post, stopTexts }: GenerateRequest): Promise<StopText> {
  if (stopTexts.length === 0) return () => null
  const text = await loadTextModel(post)
  const holdsStop = (tokens: readonly number[]): boolean => {
    const answer = text.decode(tokens)
    return stopTexts.some((stop) => answer.includes(stop))
  }
  return (tokens) => {
    if (!holdsStop(tokens)) return null
    let kept = tokens.length
    while (kept > 0 && holdsStop(tokens.slice(0, kept))) kept--
    return kept
  }
}
