import type { CrcPrompts, RenderedPrompt, Rendering } from '../../../contract/documents/crc'
import { type FewShotPrompt, fewShotText } from '../../../contract/model/few-shot'
import { inputError } from '../../../contract/model/problem'
import { listNames } from '../../../contract/words/format'
import { promptMessages, renderChats, renderPlain } from '../../text/chat'
import { promptName } from '../../text/prompt-name'
import type { TextModel } from '../../text/text-model'
import { characterGroups } from './characters'
import { multimap } from '../../../contract/model/multimap'

/** Prompts of the character task as tokens, with the tokens of each valid answer. */
export interface RenderedPrompts {
  readonly prompts: readonly RenderedPrompt[]
  /** `groups[prompt][valid character]` holds the token ids that add exactly that character. */
  readonly groups: readonly (readonly number[][])[]
  /** Remarks on the rendering for the user, without duplicates. */
  readonly notices: readonly string[]
  /** True if the tokenizer adds its special tokens, which templates contain. */
  readonly addsSpecialTokens: boolean
}

/** Caches the last rendering of each tokenizer. The key is the JSON of prompts and rendering. */
const lastRendered = new WeakMap<TextModel, { key: string; rendered: Promise<RenderedPrompts> }>()

/**
 * Renders prompts with the tokens of each valid answer. The last result for each tokenizer is cached.
 * @param format few-shot prompt for base, in place of the chat template; null for the template.
 * @throws WorkbenchError `bad-input` for a prompt without a valid answer that is a single token
 */
export async function renderPrompts(
  prompts: CrcPrompts,
  rendering: Rendering,
  text: TextModel,
  format: FewShotPrompt | null = null
): Promise<RenderedPrompts> {
  const key = JSON.stringify([prompts, rendering, format])
  const last = lastRendered.get(text)
  if (last?.key === key) return last.rendered
  const rendered = renderUncached(prompts, rendering, text, format)
  lastRendered.set(text, { key, rendered })
  try {
    return await rendered
  } catch (error) {
    // A failure is not cached: the tokenizer may only have been too slow this time.
    if (lastRendered.get(text)?.rendered === rendered) lastRendered.delete(text)
    throw error
  }
}

async function renderUncached(
  prompts: CrcPrompts,
  rendering: Rendering,
  text: TextModel,
  format: FewShotPrompt | null
): Promise<RenderedPrompts> {
  const rendered: RenderedPrompt[] = []
  const groups: number[][][] = []
  const notices = new Set<string>()
  const turns = prompts.map((prompt) => promptMessages(prompt.text, rendering.systemPrompt))
  const chats =
    format === null
      ? await renderChats(text, turns, rendering)
      : await renderPlain(
          text,
          turns.map((ofPrompt) => fewShotText(format, ofPrompt))
        )
  for (const [index, prompt] of prompts.entries()) {
    const chat = chats[index]
    if (chat === undefined) throw new Error(`prompt ${index} was not rendered`)
    for (const notice of chat.notices) notices.add(notice)
    if (chat.tokens.length === 0) {
      throw inputError(`${promptName(prompt, index)} becomes no tokens at all.`)
    }
    const { groups: promptGroups, unreachable } = await characterGroups(
      text,
      chat.tokens,
      prompt.valid,
      rendering.countLeadingSpace || format !== null
    )
    if (unreachable.length === prompt.valid.length) {
      throw inputError(
        `${promptName(prompt, index)} has no valid answer that a single token can add: ${listNames(prompt.valid, 10)}.`,
        'Exact scoring reads the first answer token; choose characters that are single tokens of this tokenizer.'
      )
    }
    rendered.push({ ...prompt, rendered: chat.rendered, tokens: chat.tokens, unreachable })
    groups.push(promptGroups)
  }
  return {
    prompts: rendered,
    groups,
    notices: [...notices, ...unreachableNotices(rendered)],
    addsSpecialTokens: format !== null || !text.hasChatTemplate
  }
}

/** Names the characters that no single token adds, once for prompts with the same characters. */
function unreachableNotices(prompts: readonly RenderedPrompt[]): string[] {
  const promptsBySet = multimap(
    prompts.flatMap(({ unreachable }, index) =>
      unreachable.length === 0 ? [] : [[listNames(unreachable, 10), index + 1] as const]
    )
  )
  return [...promptsBySet].map(
    ([set, numbers]) =>
      `No single token adds ${set} (prompts ${listNames(numbers.map(String), 10)}): such characters count in ` +
      'the size of the valid set and are never drawn.'
  )
}
