import type { CrcPrompts, RenderedPrompt, Rendering } from '../../../contract/documents/crc'
import { WorkbenchError } from '../../../contract/model/problem'
import { promptMessages, renderChats } from '../../text/chat'
import { promptName } from '../../text/prompt-name'
import type { TextModel } from '../../text/text-model'
import { characterGroups } from './characters'
import { multimap } from '../../../contract/model/multimap'

export interface RenderedPrompts {
  readonly prompts: readonly RenderedPrompt[]
  /** groups[prompt][valid character] = the token ids that add exactly that character */
  readonly groups: readonly (readonly number[][])[]
  /** What the user should know about the rendering, each once. */
  readonly notices: readonly string[]
}

/** By tokenizer, what was asked of it last. */
const lastRendered = new WeakMap<TextModel, { asked: string; rendered: Promise<RenderedPrompts> }>()

/**
 * Turns a prompt set into exactly what the model sees, with the tokens that count as each valid answer. The same prompts once
 * more, as each window, plan and sweep of a project asks for them, give the same object.
 *
 * @throws WorkbenchError `bad-input` when the template refuses the prompts, or when a prompt has no valid character
 *   that a single token can add; `bad-file` when the tokenizer or template does not work
 */
export async function renderPrompts(
  prompts: CrcPrompts,
  rendering: Rendering,
  text: TextModel
): Promise<RenderedPrompts> {
  const asked = JSON.stringify([prompts, rendering])
  const last = lastRendered.get(text)
  if (last?.asked === asked) return last.rendered
  const rendered = renderAnew(prompts, rendering, text)
  lastRendered.set(text, { asked, rendered })
  try {
    return await rendered
  } catch (error) {
    // It may have been too slow this once.
    if (lastRendered.get(text)?.rendered === rendered) lastRendered.delete(text)
    throw error
  }
}

async function renderAnew(
  prompts: CrcPrompts,
  rendering: Rendering,
  text: TextModel
): Promise<RenderedPrompts> {
  const rendered: RenderedPrompt[] = []
  const groups: number[][][] = []
  const notices = new Set<string>()
  const chats = await renderChats(
    text,
    prompts.map((prompt) => promptMessages(prompt.text, rendering.systemPrompt)),
    rendering
  )
  for (const [index, prompt] of prompts.entries()) {
    const chat = chats[index]
    if (chat === undefined) throw new Error(`prompt ${index} was not rendered`)
    for (const notice of chat.notices) notices.add(notice)
    if (chat.tokens.length === 0) {
      throw new WorkbenchError('bad-input', `${promptName(prompt, index)} becomes no tokens at all.`)
    }
    const found = await characterGroups(text, chat.tokens, prompt.valid, rendering.countLeadingSpace)
    if (found.unreachable.length === prompt.valid.length) {
      throw new WorkbenchError(
        'bad-input',
        `${promptName(prompt, index)} has no valid answer that a single token can add: ${listed(prompt.valid)}.`,
        'Exact scoring reads the first answer token; choose characters that are single tokens of this tokenizer.'
      )
    }
    rendered.push({ ...prompt, rendered: chat.rendered, tokens: chat.tokens, unreachable: found.unreachable })
    groups.push(found.groups)
  }
  return { prompts: rendered, groups, notices: [...notices, ...unreachableNotices(rendered)] }
}

function unreachableNotices(prompts: readonly RenderedPrompt[]): string[] {
  const promptsBySet = multimap(
    prompts.flatMap(({ unreachable }, index) =>
      unreachable.length === 0 ? [] : [[listed(unreachable), index + 1] as const]
    )
  )
  return [...promptsBySet].map(
    ([set, numbers]) =>
      `No single token adds ${set} (prompts ${listed(numbers.map(String))}): such characters count in the size of ` +
      'the valid set and are never drawn.'
  )
}

/** At most ten of them, so that a message stays one. */
function listed(items: readonly string[]): string {
  const shown = items.slice(0, 10).join(', ')
  return items.length <= 10 ? shown : `${shown} and ${items.length - 10} more`
}
