import type { Rendering } from '../../contract/crc'
import { WorkbenchError } from '../../contract/problem'
import type { SamplePrompt, SampleRun } from '../../contract/samples'
import { promptName } from '../crc/task/render-prompts'
import { promptMessages, type RenderedChat, renderChat, renderPlain } from '../text/chat'
import type { TextModel } from '../text/text-model'

export type RenderedSamplePrompt = SampleRun['prompts'][number]

/**
 * What the models see of a prompt: a user turn through the chat template, after the prompt's own system turn or the
 * rendering's; or, when it is raw, its text as it is, with what the tokenizer puts around plain text.
 *
 * @throws WorkbenchError `bad-input` when the template refuses it; `bad-file` when tokenizer or template do not work
 */
export function renderSamplePrompt(
  prompt: SamplePrompt,
  rendering: Rendering,
  text: TextModel
): RenderedChat {
  if (prompt.raw) return renderPlain(text, prompt.text)
  return renderChat(text, promptMessages(prompt.text, prompt.system ?? rendering.systemPrompt), rendering)
}

/**
 * All prompts of a run, and what the user should know about the rendering, each once.
 *
 * @throws WorkbenchError as {@link renderSamplePrompt}, naming the prompt where it is at fault
 */
export function renderSamplePrompts(
  prompts: readonly SamplePrompt[],
  rendering: Rendering,
  text: TextModel
): { prompts: RenderedSamplePrompt[]; notices: string[] } {
  const notices = new Set<string>()
  const rendered = prompts.map((prompt, index) => {
    if (prompt.text.trim() === '') {
      throw new WorkbenchError('bad-input', `Prompt ${index + 1} is empty.`, 'Write it, or take it out.')
    }
    const chat = renderSamplePrompt(prompt, rendering, text)
    if (chat.tokens.length === 0) {
      throw new WorkbenchError('bad-input', `${promptName(prompt, index)} becomes no tokens at all.`)
    }
    for (const notice of chat.notices) notices.add(notice)
    return { ...prompt, rendered: chat.rendered, tokens: chat.tokens }
  })
  return { prompts: rendered, notices: [...notices] }
}

/** Whether the tokenizer puts its special tokens around a prompt: around plain text, since a template writes its own. */
export function addsSpecialTokens(prompt: SamplePrompt, text: TextModel): boolean {
  return prompt.raw || !text.hasChatTemplate
}
