import type { Rendering } from '../../contract/documents/crc'
import type { ChatQuestion } from '../../contract/procedures/chat'
import { formatCount, plural } from '../../contract/words/format'
import { FEW_SHOT_DEFAULTS, fewShotText } from '../../contract/model/few-shot'
import { inputError } from '../../contract/model/problem'
import { comparePrompts } from '../answers/compare-prompts'
import { elementAt } from '../../contract/model/look-up'
import { type RenderedChat, renderChat, renderOnePlain, withSystemTurn } from '../text/chat'
import { openSampledPair, prepareGeneration } from './generation'
import { engineOnly } from './external'
import type { SampleKey, SamplesWork } from './run-samples'

export interface ChatRequest extends ChatQuestion {
  base: string
  post: string
  rendering: Rendering
}

/**
 * Prepares the next answers of several conversations, each with a variant of its own. Equal conversations form one
 * prompt, and each variant answers only the prompt of its conversation.
 */
export async function prepareChat(request: ChatRequest): Promise<{ work: SamplesWork; notices: string[] }> {
  const { columns, rendering, settings } = request
  const last = columns.findIndex(({ turns }) => turns.at(-1)?.role !== 'user')
  if (last !== -1) throw inputError('A conversation has to end with a turn of the user.')
  const pair = await openSampledPair(request)
  const format = rendering.fewShot ?? FEW_SHOT_DEFAULTS.open
  const chats: RenderedChat[] = []
  for (const { turns, variant } of columns) {
    const messages = withSystemTurn(turns, rendering.systemPrompt)
    chats.push(
      variant.kind === 'few-shot'
        ? await renderOnePlain(pair.text, fewShotText(format, messages))
        : await renderChat(pair.text, messages, rendering)
    )
  }
  refuseLongChats(chats, pair.post.spec.contextLength)
  const texts = [...new Set(chats.map(({ rendered }) => rendered))]
  const promptOf = chats.map(({ rendered }) => texts.indexOf(rendered))
  const prompts = texts.map((rendered, prompt) => {
    const column = promptOf.indexOf(prompt)
    const { tokens } = elementAt(chats, column, 'conversation')
    return {
      text: elementAt(columns, column, 'conversation').turns.at(-1)?.content ?? '',
      category: '',
      raw: elementAt(columns, column, 'conversation').variant.kind === 'few-shot',
      rendered,
      tokens
    }
  })
  const planned = await prepareGeneration(
    pair,
    { prompts: prompts.map(({ tokens }) => tokens), fewShot: { format, prompts } },
    engineOnly(
      columns.map(({ variant }) => variant),
      'there is no chat with it here'
    ),
    settings,
    (whole) =>
      comparePrompts(
        whole,
        pair,
        prompts.filter(({ raw }) => raw === whole.isFewShot)
      )
  )
  const leaveOut = promptOf.flatMap((variantPrompt, variant) =>
    prompts.flatMap((_, prompt) => (prompt === variantPrompt ? [] : keysOf(variant, prompt, settings.sampleCount)))
  )
  return {
    work: { generation: planned.generation, stored: [], earlier: null, leaveOut },
    notices: [...new Set([...chats.flatMap(({ notices }) => notices), ...planned.notices])]
  }
}

function refuseLongChats(chats: readonly RenderedChat[], contextLength: number | null): void {
  const longest = Math.max(...chats.map(({ tokens }) => tokens.length))
  if (contextLength === null || longest < contextLength) return
  throw inputError(
    `The conversation has ${plural(longest, 'token')}; ` +
      `post's context window of ${formatCount(contextLength)} leaves no room for an answer.`,
    'Clear the chat, or shorten the message or the system prompt.'
  )
}

const keysOf = (variant: number, prompt: number, count: number): SampleKey[] =>
  Array.from({ length: count }, (_, index) => ({ variant, prompt, index }))
