import type { PairMember } from '../checkpoint/pair-member'
import { promptName } from '../text/prompt-name'
import type { TextModel } from '../text/text-model'
import {
  becomesTokens,
  compareTokens,
  type WholeModel,
  type WholeModelTokens
} from '../checkpoint/whole-model-tokens'
import { addsSpecialTokens, type RenderedSamplePrompt } from './render-sample-prompts'

/** Compares a whole model with post by the tokens of rendered prompts. */
export function comparePrompts(
  whole: WholeModel,
  { post, text }: { post: PairMember; text: TextModel },
  prompts: readonly RenderedSamplePrompt[]
): Promise<WholeModelTokens> {
  const shared = { prompts: prompts.map(({ tokens }) => tokens), answers: [] }
  return compareTokens(whole, post, shared, async (ownText) => {
    for (const [index, prompt] of prompts.entries()) {
      if (await becomesTokens(ownText, prompt.rendered, addsSpecialTokens(prompt, text), prompt.tokens))
        continue
      return `${promptName(prompt, index)} becomes other tokens under ${whole.name}'s own tokenizer`
    }
    return null
  })
}
