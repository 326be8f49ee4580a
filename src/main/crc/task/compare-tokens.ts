import type { PairMember } from '../../checkpoint/pair-member'
import type { TextModel } from '../../text/text-model'
import {
  becomesTokens,
  compareTokens,
  sameTokens,
  type SharedTokens,
  type WholeModel,
  type WholeModelTokens
} from '../../checkpoint/whole-model-tokens'
import { characterGroups } from './characters'
import { promptName } from '../../text/prompt-name'
import type { RenderedPrompts } from './render-prompts'
import { elementAt } from '../../../contract/model/look-up'

/** Caches, by post's rendered prompts, the tokenizers that agree with them. Every plan and sweep compares again. */
const agreeingTokenizers = new WeakMap<RenderedPrompts, WeakSet<TextModel>>()

/**
 * Decides whether another model, such as base, can be scored on the tokens of post. Its own tokenizer must give the
 * same tokens for the prompts and for the valid characters.
 */
export async function compareCrcTokens(
  whole: WholeModel,
  post: PairMember,
  postText: TextModel,
  rendered: RenderedPrompts,
  countLeadingSpace: boolean
): Promise<WholeModelTokens> {
  return compareTokens(whole, post, crcTokens(rendered), (ownText) =>
    firstDifference({ name: whole.name, ownText }, postText, rendered, countLeadingSpace)
  )
}

/** Collects the tokens of the prompts and the tokens that add their valid characters. */
export function crcTokens(rendered: RenderedPrompts): SharedTokens {
  return { prompts: rendered.prompts.map(({ tokens }) => tokens), answers: rendered.groups.flat(2) }
}

/** Describes the first difference in tokens; null if there is none. Agreeing tokenizers are cached. */
async function firstDifference(
  whole: { name: string; ownText: TextModel },
  postText: TextModel,
  rendered: RenderedPrompts,
  countLeadingSpace: boolean
): Promise<string | null> {
  const agreeing = agreeingTokenizers.get(rendered) ?? new WeakSet()
  agreeingTokenizers.set(rendered, agreeing)
  if (agreeing.has(whole.ownText)) return null
  const difference = await findDifference(whole, postText, rendered, countLeadingSpace)
  if (difference === null) agreeing.add(whole.ownText)
  return difference
}

async function findDifference(
  { name: modelName, ownText }: { name: string; ownText: TextModel },
  postText: TextModel,
  rendered: RenderedPrompts,
  countLeadingSpace: boolean
): Promise<string | null> {
  for (const [index, prompt] of rendered.prompts.entries()) {
    const name = promptName(prompt, index)
    if (!(await becomesTokens(ownText, prompt.rendered, rendered.addsSpecialTokens, prompt.tokens))) {
      const missingToken = await foreignToken(ownText, postText, prompt.tokens)
      return `${name} becomes other tokens under ${modelName}'s own tokenizer${missingToken}`
    }
    const { groups } = await characterGroups(ownText, prompt.tokens, prompt.valid, countLeadingSpace)
    const differs = groups.findIndex(
      (group, character) =>
        !sameTokens(group, elementAt(elementAt(rendered.groups, index, 'prompt'), character, 'character'))
    )
    if (differs !== -1) {
      const character = elementAt(prompt.valid, differs, 'character')
      return `other tokens add "${character}" to ${name} under ${modelName}'s own tokenizer`
    }
  }
  return null
}

/** Names the added token of post that the model's tokenizer does not have, such as a turn marker; '' for none. */
async function foreignToken(ownText: TextModel, postText: TextModel, tokens: readonly number[]): Promise<string> {
  for (const token of new Set(tokens)) {
    const content = postText.addedTokens.get(token)
    if (content === undefined || (await becomesTokens(ownText, content, false, [token]))) continue
    return `, which does not have post's added token ${token}, "${content}"`
  }
  return ''
}
