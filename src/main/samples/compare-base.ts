import { promptName } from '../crc/render-prompts'
import { type BaseTokens, becomesTokens, compareBaseTokens } from '../text/base-tokens'
import type { SampledPair } from './generation'
import { addsSpecialTokens, type RenderedSamplePrompt } from './render-sample-prompts'

/** Base can be compared when its own tokenizer turns the rendered prompts into the same tokens. */
export function comparePromptsWithBase(
  { base, post, text }: SampledPair,
  prompts: readonly RenderedSamplePrompt[]
): Promise<BaseTokens> {
  const shared = { prompts: prompts.map(({ tokens }) => tokens), answers: [] }
  return compareBaseTokens(base, post, shared, (baseText) => {
    for (const [index, prompt] of prompts.entries()) {
      if (becomesTokens(baseText, prompt.rendered, addsSpecialTokens(prompt, text), prompt.tokens)) continue
      return `${promptName(prompt, index)} becomes other tokens under base's own tokenizer`
    }
    return null
  })
}
