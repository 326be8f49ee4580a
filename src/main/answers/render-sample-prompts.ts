import type { Rendering } from '../../contract/documents/crc'
import { type FewShotPrompt, type FewShotPrompts, fewShotText } from '../../contract/model/few-shot'
import { inputError } from '../../contract/model/problem'
import type { SampleRun } from '../../contract/documents/samples'
import type { SamplePrompt } from '../../contract/documents/task'
import { promptName } from '../text/prompt-name'
import { promptMessages, type RenderedChat, renderChats, renderPlain } from '../text/chat'
import type { TextModel } from '../text/text-model'

export type RenderedSamplePrompt = SampleRun['prompts'][number]

/**
 * Renders a prompt as the models see it: as it is written if it is raw, otherwise in post's chat template. The system
 * prompt is the prompt's own, or else the one of the rendering settings.
 */
export async function renderSamplePrompt(
  prompt: SamplePrompt,
  rendering: Rendering,
  text: TextModel
): Promise<RenderedChat> {
  const [chat] = await renderAll([prompt], rendering, text)
  if (chat === undefined) throw new Error('the prompt was not rendered')
  return chat
}

/** Renders all prompts of a run and collects their notices, each once. @throws WorkbenchError naming the prompt */
export async function renderSamplePrompts(
  prompts: readonly SamplePrompt[],
  rendering: Rendering,
  text: TextModel
): Promise<{ prompts: RenderedSamplePrompt[]; notices: string[] }> {
  const empty = prompts.findIndex((prompt) => prompt.text.trim() === '')
  if (empty !== -1) {
    throw inputError(`Prompt ${empty + 1} is empty.`, 'Write it, or take it out.')
  }
  const chats = await renderAll(prompts, rendering, text)
  const notices = new Set<string>()
  const rendered = prompts.map((prompt, index) => {
    const chat = chats[index]
    if (chat === undefined) throw new Error(`prompt ${index} was not rendered`)
    if (chat.tokens.length === 0) {
      throw inputError(`${promptName(prompt, index)} becomes no tokens at all.`)
    }
    for (const notice of chat.notices) notices.add(notice)
    return { ...prompt, rendered: chat.rendered, tokens: chat.tokens }
  })
  return { prompts: rendered, notices: [...notices] }
}

/** Renders prompts as plain text after the worked examples of a few-shot prompt, which base is given. */
export async function renderFewShot(
  prompts: readonly SamplePrompt[],
  format: FewShotPrompt,
  rendering: Rendering,
  text: TextModel
): Promise<FewShotPrompts> {
  const plain = fewShotPrompts(prompts, format, rendering)
  const rendered = await renderSamplePrompts(plain, rendering, text)
  return { format, prompts: rendered.prompts.map(({ rendered, tokens }) => ({ rendered, tokens })) }
}

/** Writes prompts as plain text after the examples of a few-shot prompt. Raw prompts stay as they are. */
export const fewShotPrompts = <Prompt extends SamplePrompt>(
  prompts: readonly Prompt[],
  format: FewShotPrompt,
  { systemPrompt }: Rendering
): Prompt[] =>
  prompts.map((prompt) => {
    if (prompt.raw) return prompt
    const turns = promptMessages(prompt.text, prompt.system ?? systemPrompt)
    return { ...prompt, raw: true, text: fewShotText(format, turns) }
  })

/** Renders one chat for each prompt. All prompts with a template are one call, and all raw prompts another. */
async function renderAll(
  prompts: readonly SamplePrompt[],
  rendering: Rendering,
  text: TextModel
): Promise<RenderedChat[]> {
  const templatePrompts = prompts.filter(({ raw }) => !raw)
  const chats = templatePrompts.map((prompt) => promptMessages(prompt.text, prompt.system ?? rendering.systemPrompt))
  const inTemplate = (await renderChats(text, chats, rendering)).values()
  const rawTexts = prompts.filter(({ raw }) => raw).map((prompt) => prompt.text)
  const plain = (await renderPlain(text, rawTexts)).values()
  // Both iterators return the chats in the order of the prompts.
  return prompts.map((prompt) => {
    const { value } = prompt.raw ? plain.next() : inTemplate.next()
    if (value === undefined) throw new Error('a prompt was not rendered')
    return value
  })
}

/** Reports whether the tokenizer adds special tokens, such as BOS, to a prompt. A chat template writes its own. */
export function addsSpecialTokens(prompt: SamplePrompt, text: TextModel): boolean {
  return prompt.raw || !text.hasChatTemplate
}
