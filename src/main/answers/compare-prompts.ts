import type { FewShotPrompts } from '../../contract/model/few-shot'
import { elementAt } from '../../contract/model/look-up'
import type { PairMember } from '../checkpoint/pair-member'
import { promptName } from '../text/prompt-name'
import type { TextModel } from '../text/text-model'
import { becomesTokens, compareTokens, type WholeModel, type WholeModelTokens } from '../checkpoint/whole-model-tokens'
import { addsSpecialTokens, type RenderedSamplePrompt } from './render-sample-prompts'

/**
 * Checks whether a whole model, such as base, can be given post's tokens of the prompts of a run.
 *
 * @param inTemplate the prompts in post's chat template
 * @param fewShot the prompts as plain text, which base may be given instead
 */
export function comparePrompts(
  whole: WholeModel,
  { post, text }: { post: PairMember; text: TextModel },
  inTemplate: readonly RenderedSamplePrompt[],
  fewShot?: FewShotPrompts
): Promise<WholeModelTokens> {
  const fewShotPrompts = whole.isFewShot === true ? fewShot?.prompts : undefined
  const prompts = inTemplate.map((prompt, index) =>
    fewShotPrompts === undefined ? prompt : { ...prompt, ...elementAt(fewShotPrompts, index, 'prompt'), raw: true }
  )
  const shared = { prompts: prompts.map(({ tokens }) => tokens), answers: [] }
  return compareTokens(whole, post, shared, async (ownText) => {
    for (const [index, prompt] of prompts.entries()) {
      if (await becomesTokens(ownText, prompt.rendered, addsSpecialTokens(prompt, text), prompt.tokens)) continue
      return `${promptName(prompt, index)} becomes other tokens under ${whole.name}'s own tokenizer`
    }
    return null
  })
}
