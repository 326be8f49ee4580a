import type { PairMember } from '../checkpoint/pair'
import {
  type BaseTokens,
  becomesTokens,
  compareBaseTokens,
  sameTokens,
  type SharedTokens
} from '../text/base-tokens'
import type { TextModel } from '../text/text-model'
import { characterGroups } from './characters'
import { promptName, type RenderedPrompts } from './render-prompts'

/**
 * Whether base as a whole model can be scored on the very tokens that post sees. It can when its own tokenizer turns the
 * prompts, rendered with post's template, into the same tokens and the same tokens add the valid characters.
 */
export async function compareBase(
  base: PairMember,
  post: PairMember,
  postText: TextModel,
  rendered: RenderedPrompts,
  countLeadingSpace: boolean
): Promise<BaseTokens> {
  return compareBaseTokens(base, post, crcTokens(rendered), (baseText) =>
    firstDifference(baseText, postText, rendered, countLeadingSpace)
  )
}

/** The tokens of the prompts, and those that add their valid characters. */
export function crcTokens(rendered: RenderedPrompts): SharedTokens {
  return { prompts: rendered.prompts.map(({ tokens }) => tokens), answers: rendered.groups.flat(2) }
}

function firstDifference(
  baseText: TextModel,
  postText: TextModel,
  rendered: RenderedPrompts,
  countLeadingSpace: boolean
): string | null {
  for (const [index, prompt] of rendered.prompts.entries()) {
    const name = promptName(prompt, index)
    if (!becomesTokens(baseText, prompt.rendered, !postText.hasChatTemplate, prompt.tokens)) {
      return `${name} becomes other tokens under base's own tokenizer${foreignToken(baseText, postText, prompt.tokens)}`
    }
    const { groups } = characterGroups(baseText, prompt.tokens, prompt.valid, countLeadingSpace)
    const differs = groups.findIndex(
      (group, character) => !sameTokens(group, rendered.groups[index]?.[character] ?? [])
    )
    if (differs !== -1) {
      return `other tokens add "${prompt.valid[differs] ?? ''}" to ${name} under base's own tokenizer`
    }
  }
  return null
}

/** Says which added token of post, such as a turn marker, keeps base from reading a prompt; empty when none does. */
function foreignToken(baseText: TextModel, postText: TextModel, tokens: readonly number[]): string {
  for (const token of new Set(tokens)) {
    const content = postText.addedTokens.get(token)
    if (content === undefined || becomesTokens(baseText, content, false, [token])) continue
    return `, which does not have post's added token ${token}, "${content}"`
  }
  return ''
}
