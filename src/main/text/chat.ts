import { Environment, Interpreter, Template } from '@huggingface/jinja'
import type { Rendering } from '../../contract/crc'
import { WorkbenchError } from '../../contract/problem'
import { errorMessage } from '../base/files/bounded-file'
import type { ChatTemplate } from './chat-template'
import { strftime } from './strftime'
import type { TextModel } from './text-model'
import { withTimeLimit } from '../base/time-limit'

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

export interface RenderedChat {
  rendered: string
  tokens: number[]
  /** What the user should know about how the messages became text. */
  notices: string[]
}

/** Published templates render in well under a millisecond. */
const TIME_LIMIT_MS = 3_000
/** Far beyond any context window. */
const MAX_RENDERED_CHARACTERS = 10_000_000
/** Templates count messages and characters; a list of a billion numbers is an attack on the memory. */
const MAX_RANGE_ITEMS = 100_000

/** Variables that are ours to set; anything else a template reads may be given as a template argument. */
const RESERVED = ['messages', 'add_generation_prompt', 'namespace']

/** A template's own `raise_exception`, as opposed to a template that does not work. */
class TemplateRefusal extends Error {}

/** One user turn, after a system turn unless that is empty. */
export function promptMessages(prompt: string, systemPrompt: string): ChatMessage[] {
  const user: ChatMessage = { role: 'user', content: prompt }
  return systemPrompt === '' ? [user] : [{ role: 'system', content: systemPrompt }, user]
}

/**
 * Turns messages into the text and tokens the model sees, up to where its answer begins. The chat template is rendered
 * as transformers' `apply_chat_template` does: with a generation prompt, and tokenised without further special tokens,
 * since the template writes them. Without a template the messages become plain text, with a notice.
 *
 * @param messages all turns; a system turn is one of them
 * @throws WorkbenchError `bad-input` when the template refuses the messages; `bad-file` when it does not work
 */
export function renderChat(
  text: TextModel,
  messages: readonly ChatMessage[],
  rendering: Pick<Rendering, 'templateArguments' | 'date' | 'assistantPrefix'>
): RenderedChat {
  const { chatTemplate } = text
  if (chatTemplate === null) {
    const plain = messages.map((message) => message.content).join('\n\n') + rendering.assistantPrefix
    const notice = `${text.folder} has no chat template: the prompts are given as plain text.`
    return { ...renderPlain(text, plain), notices: [notice] }
  }
  const prompt = renderTemplate(chatTemplate, text, messages, rendering)
  const rendered = prompt + rendering.assistantPrefix
  const system = messages.find((message) => message.role === 'system')?.content.trim() ?? ''
  const notices = prompt.includes(system)
    ? []
    : [`The chat template in ${chatTemplate.file} leaves the system prompt out.`]
  return { rendered, tokens: encode(text, rendered, false), notices }
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

function renderTemplate(
  template: ChatTemplate,
  text: TextModel,
  messages: readonly ChatMessage[],
  rendering: Pick<Rendering, 'templateArguments' | 'date'>
): string {
  const what = `The chat template in ${template.file}`
  const variables = templateVariables(what, text, messages, rendering)
  try {
    return withTimeLimit(TIME_LIMIT_MS, what, () => {
      const environment = new Environment()
      for (const [name, value] of variables) environment.set(name, value)
      const output: unknown = new Interpreter(environment).run(parsedTemplate(template)).value
      if (typeof output !== 'string' || output.length > MAX_RENDERED_CHARACTERS) {
        throw new Error(`it renders more than ${MAX_RENDERED_CHARACTERS} characters`)
      }
      return output
    })
  } catch (error) {
    if (error instanceof WorkbenchError) throw error
    if (error instanceof TemplateRefusal) {
      const hasSystemTurn = messages.some((message) => message.role === 'system')
      throw new WorkbenchError(
        'bad-input',
        `${what} refuses these messages: "${error.message}".`,
        hasSystemTurn ? 'Empty the system prompt if this model has no system turn.' : undefined
      )
    }
    throw new WorkbenchError('bad-file', `${what} does not work: ${errorMessage(error)}`)
  }
}

const parsedTemplates = new WeakMap<ChatTemplate, Template['parsed']>()

function parsedTemplate(template: ChatTemplate): Template['parsed'] {
  const parsed = parsedTemplates.get(template) ?? new Template(template.source).parsed
  parsedTemplates.set(template, parsed)
  return parsed
}

/** What transformers gives a template, with the rendering's date for today and its arguments last. */
function templateVariables(
  what: string,
  text: TextModel,
  messages: readonly ChatMessage[],
  rendering: Pick<Rendering, 'templateArguments' | 'date'>
): Map<string, unknown> {
  const variables = new Map<string, unknown>([
    ['true', true],
    ['True', true],
    ['false', false],
    ['False', false],
    ['none', null],
    ['None', null],
    ['range', boundedRange],
    [
      'raise_exception',
      (message: unknown) => {
        throw new TemplateRefusal(String(message))
      }
    ],
    ['strftime_now', (format: unknown) => strftime(rendering.date, String(format), what)],
    // Llama 3.x templates have a fixed date of their own unless they are given this one.
    ['date_string', strftime(rendering.date, '%d %b %Y', what)],
    ['tools', null],
    ['documents', null],
    ...text.specialTokens
  ])
  for (const [name, value] of Object.entries(rendering.templateArguments)) {
    if (RESERVED.includes(name)) {
      throw new WorkbenchError(
        'bad-input',
        `The template argument "${name}" is set by the program.`,
        'Remove it.'
      )
    }
    variables.set(name, value)
  }
  return variables.set('messages', messages).set('add_generation_prompt', true)
}

function boundedRange(first: unknown, second?: unknown, third: unknown = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second]
  if (typeof start !== 'number' || typeof stop !== 'number' || typeof third !== 'number' || third === 0) {
    throw new Error('range() needs whole numbers and a step that is not 0')
  }
  const count = Math.max(0, Math.ceil((stop - start) / third))
  if (count > MAX_RANGE_ITEMS)
    throw new Error(`range() asks for ${count} items; at most ${MAX_RANGE_ITEMS} are given`)
  return Array.from({ length: count }, (_, index) => start + index * third)
}
