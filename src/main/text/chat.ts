import type { Rendering } from '../../contract/documents/crc'
import { askConfined } from '../confined/host'
import type { ChatMessage } from '../confined/messages'
import { withTimeLimit } from '../base/time-limit'
import type { ChatTemplate } from './chat-template'
import type { TextModel } from './text-model'

export interface RenderedChat {
  rendered: string
  tokens: number[]
  /** What the user should know about how the messages became text. */
  notices: string[]
}

/** Published tokenizers take a millisecond for a prompt. */
const TIME_LIMIT_MS = 3_000
/** What is rendered by one request: it has 3 s, and large prompts want some of them. */
const BATCH = { chats: 64, characters: 1_000_000 }

type ChatRendering = Pick<Rendering, 'templateArguments' | 'date' | 'assistantPrefix'>

/** One user turn, after a system turn unless that is empty. */
export function promptMessages(prompt: string, systemPrompt: string): ChatMessage[] {
  const user: ChatMessage = { role: 'user', content: prompt }
  return systemPrompt === '' ? [user] : [{ role: 'system', content: systemPrompt }, user]
}

/**
 * Turns chats into the text and tokens the model sees, up to where its answer begins. The chat template is rendered
 * as transformers' `apply_chat_template` does: with a generation prompt, and tokenised without further special tokens,
 * since the template writes them. Without a template the messages become plain text, with a notice.
 *
 * @param chats all turns of each; a system turn is one of them
 * @throws WorkbenchError `bad-input` when the template refuses messages; `bad-file` when it does not work
 */
export async function renderChats(
  text: TextModel,
  chats: readonly (readonly ChatMessage[])[],
  rendering: ChatRendering
): Promise<RenderedChat[]> {
  const { chatTemplate } = text
  if (chatTemplate === null) {
    const notice = `${text.folder} has no chat template: the prompts are given as plain text.`
    return chats.map((messages) => {
      const plain = messages.map((message) => message.content).join('\n\n') + rendering.assistantPrefix
      return { ...renderPlain(text, plain), notices: [notice] }
    })
  }
  const prompts = await renderTemplate(chatTemplate, text, chats, rendering)
  return chats.map((messages, index) => {
    const prompt = prompts[index]
    if (prompt === undefined) throw new Error(`chat ${index} was not rendered`)
    const rendered = prompt + rendering.assistantPrefix
    const system = messages.find((message) => message.role === 'system')?.content.trim() ?? ''
    const notices = prompt.includes(system)
      ? []
      : [`The chat template in ${chatTemplate.file} leaves the system prompt out.`]
    return { rendered, tokens: encode(text, rendered, false), notices }
  })
}

/** As {@link renderChats}, of one. */
export async function renderChat(
  text: TextModel,
  messages: readonly ChatMessage[],
  rendering: ChatRendering
): Promise<RenderedChat> {
  const [chat] = await renderChats(text, [messages], rendering)
  if (chat === undefined) throw new Error('the chat was not rendered')
  return chat
}

/** A text given as it is, with the tokens (such as BOS) that the tokenizer puts around plain text. */
export function renderPlain(text: TextModel, plain: string): RenderedChat {
  return { rendered: plain, tokens: encode(text, plain, true), notices: [] }
}

function encode(text: TextModel, rendered: string, addSpecialTokens: boolean): number[] {
  return withTimeLimit(TIME_LIMIT_MS, `Tokenising a prompt with ${text.folder}`, () =>
    text.encode(rendered, addSpecialTokens)
  )
}

async function renderTemplate(
  { file, source }: ChatTemplate,
  { specialTokens }: TextModel,
  chats: readonly (readonly ChatMessage[])[],
  { templateArguments, date }: ChatRendering
): Promise<string[]> {
  const texts: string[] = []
  for (const batch of batchesOf(chats)) {
    const reply = await askConfined({
      kind: 'template',
      file,
      source,
      specialTokens: [...specialTokens],
      templateArguments,
      date,
      chats: batch
    })
    if (reply.kind !== 'template')
      throw new Error(`the confined process replied to a template with ${reply.kind}`)
    texts.push(...reply.rendered)
  }
  return texts
}

function batchesOf(chats: readonly (readonly ChatMessage[])[]): ChatMessage[][][] {
  const batches: ChatMessage[][][] = []
  let characters = 0
  for (const chat of chats) {
    const size = chat.reduce((sum, { content }) => sum + content.length, 0)
    const open = batches.at(-1)
    characters += size
    if (open !== undefined && open.length < BATCH.chats && characters <= BATCH.characters)
      open.push([...chat])
    else {
      batches.push([[...chat]])
      characters = size
    }
  }
  return batches
}
