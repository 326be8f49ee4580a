import type { Rendering } from '../../contract/documents/crc'
import { type FewShotPrompt, type FewShotPrompts, fewShotText } from '../../contract/model/few-shot'
import { inputError } from '../../contract/model/problem'
import type { SampleRun } from '../../contract/documents/samples'
import type { SamplePrompt } from '../../contract/documents/task'
import { promptName } from '../text/prompt-name'
import { promptMessages, type RenderedChat, renderChats, renderPlain } from '../text/chat'
import type { TextModel } from '../text/text-model'

export type RenderedSamplePrompt = SampleRun['prompts'][number]

/** Renders a prompt as the models see it: raw, or in the chat template with its or the rendering's system turn. */
export async function renderSamplePrompt(
  prompt: SamplePrompt,
  rendering: Rendering,
  text: TextModel
): Promise<RenderedChat> {
  const [chat] = await renderAll([prompt], rendering, text)
  if (chat === undefined) throw new Error('the prompt was not rendered')
  return chat
}

/** Renders all prompts of a run, with distinct notices. @throws WorkbenchError naming the prompt */
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

/** Renders one chat for each prompt, with few requests for templates. */
async function renderAll(
  prompts: readonly SamplePrompt[],
  rendering: Rendering,
  text: TextModel
): Promise<RenderedChat[]> {
  const chats = await renderChats(
    text,
    prompts
      .filter(({ raw }) => !raw)
      .map((prompt) => promptMessages(prompt.text, prompt.system ?? rendering.systemPrompt)),
    rendering
  )
  const templated = chats.values()
  const raw = prompts.filter((prompt) => prompt.raw).map((prompt) => prompt.text)
  const plain = (await renderPlain(text, raw)).values()
  return prompts.map((prompt) => {
    const { value } = prompt.raw ? plain.next() : templated.next()
    if (value === undefined) throw new Error('a prompt was not rendered')
    return value
  })
}

export function addsSpecialTokens(prompt: SamplePrompt, text: TextModel): boolean {
  return prompt.raw || !text.hasChatTemplate
}
