import type { FewShotPrompts } from '../../contract/model/few-shot'
import { elementAt } from '../../contract/model/look-up'
import type { PairMember } from '../checkpoint/pair-member'
import { promptName } from '../text/prompt-name'
import type { TextModel } from '../text/text-model'
import { becomesTokens, compareTokens, type WholeModel, type WholeModelTokens } from '../checkpoint/whole-model-tokens'
import { addsSpecialTokens, type RenderedSamplePrompt } from './render-sample-prompts'

/** Compares a whole model with post by the tokens of rendered prompts, or of the few-shot prompts that it sees. */
export function comparePrompts(
  whole: WholeModel,
  { post, text }: { post: PairMember; text: TextModel },
  inTemplate: readonly RenderedSamplePrompt[],
  fewShot?: FewShotPrompts
): Promise<WholeModelTokens> {
  const plain = whole.isFewShot === true ? fewShot?.prompts : undefined
  const prompts =
    plain?.map((prompt, index) => ({ ...elementAt(inTemplate, index, 'prompt'), ...prompt, raw: true })) ?? inTemplate
  const shared = { prompts: prompts.map(({ tokens }) => tokens), answers: [] }
  return compareTokens(whole, post, shared, async (ownText) => {
    for (const [index, prompt] of prompts.entries()) {
      if (await becomesTokens(ownText, prompt.rendered, addsSpecialTokens(prompt, text), prompt.tokens)) continue
      return `${promptName(prompt, index)} becomes other tokens under ${whole.name}'s own tokenizer`
    }
    return null
  })
}
