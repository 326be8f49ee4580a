import type { Rendering } from '../../contract/documents/crc'
import { askSandbox } from '../sandbox/host'
import type { ChatMessage, TemplateRequest } from '../sandbox/messages'
import { elementAt } from '../../contract/model/look-up'
import { inBatches } from './batches'
import type { ChatTemplate } from './chat-template'
import type { TextModel } from './text-model'

/** A chat as the text and the token ids that a model receives. */
export interface RenderedChat {
  rendered: string
  tokens: number[]
  /** Remarks for the user on how the messages became text. */
  notices: string[]
}

/** Limits of one request to render chats: number of chats and characters. A request is ended after 3 s. */
const BATCH = { items: 64, size: 1_000_000 }

type ChatRendering = Pick<Rendering, 'templateArguments' | 'date' | 'assistantPrefix'>

/** Puts a system turn before the turns of a chat; none for an empty system prompt. */
export const withSystemTurn = (turns: readonly ChatMessage[], systemPrompt: string): ChatMessage[] =>
  systemPrompt === '' ? [...turns] : [{ role: 'system', content: systemPrompt }, ...turns]

/** Returns the turns of a chat with one question. */
export const promptMessages = (prompt: string, systemPrompt: string): ChatMessage[] =>
  withSystemTurn([{ role: 'user', content: prompt }], systemPrompt)

/**
 * Renders chats to the text and tokens that the model sees, as `apply_chat_template` does with a generation prompt
 * and without further special tokens. Without a template, messages become plain text, with a notice.
 */
export async function renderChats(
  text: TextModel,
  chats: readonly (readonly ChatMessage[])[],
  rendering: ChatRendering
): Promise<RenderedChat[]> {
  const { chatTemplate } = text
  if (chatTemplate === null) {
    const notice = `${text.folder} has no chat template: the prompts are given as plain text.`
    const plain = chats.map(
      (messages) => messages.map((message) => message.content).join('\n\n') + rendering.assistantPrefix
    )
    return (await renderPlain(text, plain)).map((chat) => ({ ...chat, notices: [notice] }))
  }
  const { rendered: prompts, inParts } = await renderTemplate(chatTemplate, text, chats, rendering)
  const rendered = prompts.map((prompt) => prompt + rendering.assistantPrefix)
  const tokens = await text.encodeAll(rendered)
  return chats.map((messages, index) => {
    const system = messages.find((message) => message.role === 'system')?.content.trim() ?? ''
    const notices = [
      ...(inParts
        ? [`The chat template in ${chatTemplate.file} takes only messages in parts, so each is given as one part.`]
        : []),
      ...(elementAt(prompts, index, 'chat').includes(system)
        ? []
        : [`The chat template in ${chatTemplate.file} leaves the system prompt out.`])
    ]
    return { rendered: elementAt(rendered, index, 'chat'), tokens: elementAt(tokens, index, 'chat'), notices }
  })
}

export async function renderChat(
  text: TextModel,
  messages: readonly ChatMessage[],
  rendering: ChatRendering
): Promise<RenderedChat> {
  const [chat] = await renderChats(text, [messages], rendering)
  if (chat === undefined) throw new Error('the chat was not rendered')
  return chat
}

/** Encodes one plain text as {@link renderPlain} does. */
export async function renderOnePlain(text: TextModel, plain: string): Promise<RenderedChat> {
  return elementAt(await renderPlain(text, [plain]), 0, 'text')
}

/** Encodes plain texts unchanged, after the tokens, such as BOS, that the tokenizer puts before plain text. */
export async function renderPlain(text: TextModel, plain: readonly string[]): Promise<RenderedChat[]> {
  const tokens = await text.encodeAll(plain, true)
  return plain.map((rendered, index) => ({ rendered, tokens: elementAt(tokens, index, 'text'), notices: [] }))
}

async function renderTemplate(
  { file, source }: ChatTemplate,
  { specialTokens }: TextModel,
  chats: readonly (readonly ChatMessage[])[],
  { templateArguments, date }: ChatRendering
): Promise<{ rendered: string[]; inParts: boolean }> {
  const texts: string[] = []
  let inParts = false
  const sizeOf = (chat: readonly ChatMessage[]): number => chat.reduce((sum, { content }) => sum + content.length, 0)
  for (const batch of inBatches(chats, BATCH, sizeOf)) {
    const request: TemplateRequest = {
      kind: 'template',
      file,
      source,
      specialTokens: [...specialTokens],
      templateArguments,
      date,
      chats: batch.map((chat) => [...chat])
    }
    const reply = await askSandbox(request, 'template')
    texts.push(...reply.rendered)
    inParts ||= reply.inParts
  }
  return { rendered: texts, inParts }
}
