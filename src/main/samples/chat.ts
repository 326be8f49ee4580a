import type { Rendering } from '../../contract/documents/crc'
import type { ChatColumn, ChatQuestion } from '../../contract/procedures/chat'
import { WorkbenchError } from '../../contract/model/problem'
import { comparePrompts } from '../answers/compare-prompts'
import { elementAt } from '../../contract/model/look-up'
import { renderChats, withSystemTurn } from '../text/chat'
import { openSampledPair, prepareGeneration } from './generation'
import { engineOnly } from './external'
import type { SampleKey, SamplesWork } from './run-samples'

export interface ChatRequest extends ChatQuestion {
  base: string
  post: string
  rendering: Rendering
}

/**
 * Prepares the next answers of several conversations, of which equal ones form one prompt. @throws WorkbenchError
 * `bad-input` when the template refuses the turns
 */
export async function prepareChat(request: ChatRequest): Promise<{ work: SamplesWork; notices: string[] }> {
  const { columns, rendering, settings } = request
  const last = columns.findIndex(({ turns }) => turns.at(-1)?.role !== 'user')
  if (last !== -1) throw new WorkbenchError('bad-input', 'A conversation has to end with a turn of the user.')
  const pair = await openSampledPair(request)
  const { systemPrompt } = rendering
  const chats = await renderChats(
    pair.text,
    columns.map(({ turns }) => withSystemTurn(turns, systemPrompt)),
    rendering
  )
  const texts = [...new Set(chats.map(({ rendered }) => rendered))]
  const promptOf = chats.map(({ rendered }) => texts.indexOf(rendered))
  const prompts = texts.map((rendered, prompt) => {
    const column = promptOf.indexOf(prompt)
    const { tokens } = elementAt(chats, column, 'conversation')
    return {
      text: lastText(elementAt(columns, column, 'conversation')),
      category: '',
      raw: false,
      rendered,
      tokens
    }
  })
  const planned = await prepareGeneration(
    pair,
    prompts.map(({ tokens }) => tokens),
    engineOnly(
      columns.map(({ variant }) => variant),
      'there is no chat with it here'
    ),
    settings,
    (whole) => comparePrompts(whole, pair, prompts)
  )
  const leaveOut = promptOf.flatMap((ownPrompt, variant) =>
    prompts.flatMap((_, prompt) =>
      prompt === ownPrompt ? [] : keysOf(variant, prompt, settings.sampleCount)
    )
  )
  return {
    work: { generation: planned.generation, stored: [], earlier: null, leaveOut },
    notices: [...new Set([...chats.flatMap(({ notices }) => notices), ...planned.notices])]
  }
}

const lastText = ({ turns }: ChatColumn): string => turns.at(-1)?.content ?? ''

const keysOf = (variant: number, prompt: number, count: number): SampleKey[] =>
  Array.from({ length: count }, (_, index) => ({ variant, prompt, index }))
