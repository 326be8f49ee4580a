import { Environment, type Template } from '@huggingface/jinja'
import { fileError, inputError, unsupportedError, WorkbenchError } from '../../contract/model/problem'
import { errorMessage } from '../base/files/bounded-file'
import { type ChatMessage, subjectOf, type TemplateRequest } from './messages'
import { PythonInterpreter } from './python-interpreter'
import { parseTemplate } from './template-source'
import { utcFormat } from 'd3-time-format'

/** Limit of all chats of a request, far beyond any context window. */
const MAX_RENDERED_CHARACTERS = 10_000_000
/** Templates count messages and characters; a list of a billion numbers is an attack on the memory. */
const MAX_RANGE_ITEMS = 100_000

/** Variables that a user's template arguments must not set. */
const RESERVED = ['messages', 'add_generation_prompt', 'namespace']

/** Thrown by a template's own `raise_exception`, in contrast to a broken template. */
class TemplateRefusal extends Error {}

interface RenderedTemplate {
  readonly rendered: string[]
  /** True if the template received messages in parts, because it does not accept text. */
  readonly inParts: boolean
}

/**
 * Renders each chat as transformers' `apply_chat_template` does. The content of a message is a text. If the template
 * omits or refuses texts (Llama Guard), the content is a list with one part.
 *
 * @throws WorkbenchError `bad-input` if the template refuses the messages; `bad-file` if it does not work
 */
export function renderTemplate(request: TemplateRequest): RenderedTemplate {
  const what = subjectOf(request)
  const variables = templateVariables(what, request)
  try {
    const parsed = parseTemplate(request.source)
    let characters = 0
    let inParts = false
    const rendered = request.chats.map((messages) => {
      const chat = renderTextOrParts(messages, (given) => render(what, parsed, variables, given))
      inParts ||= chat.inParts
      characters += chat.text.length
      if (characters <= MAX_RENDERED_CHARACTERS) return chat.text
      throw new Error(`it renders more than ${MAX_RENDERED_CHARACTERS} characters`)
    })
    return { rendered, inParts }
  } catch (error) {
    if (error instanceof WorkbenchError) throw error
    throw fileError(`${what} does not work: ${errorMessage(error)}`)
  }
}

/** Checks the syntax of a template. @throws WorkbenchError `bad-file` */
export function checkTemplate(source: string, what: string): void {
  try {
    parseTemplate(source)
  } catch (error) {
    throw fileError(`${what} does not work: ${errorMessage(error)}`)
  }
}

/** A message in the form that a template receives. */
interface TemplateMessage {
  readonly role: ChatMessage['role']
  readonly content: string | readonly { readonly type: 'text'; readonly text: string }[]
}

/** Start of a part that a template printed as a whole, because it expected text. */
const PRINTED_PART = "{'type': 'text'"

/** Renders messages as texts. If that fails or user texts are then missing, messages in parts are tried. */
function renderTextOrParts(
  messages: readonly ChatMessage[],
  renderGiven: (messages: readonly TemplateMessage[]) => string
): { text: string; inParts: boolean } {
  const hasUserTexts = (text: string): boolean =>
    messages.every(({ role, content }) => role !== 'user' || text.includes(content.trim()))
  const tryRender = (given: readonly TemplateMessage[]): string | { readonly failure: unknown } => {
    try {
      return renderGiven(given)
    } catch (failure) {
      return { failure }
    }
  }
  const plain = tryRender(messages)
  if (typeof plain === 'string' && hasUserTexts(plain)) return { text: plain, inParts: false }
  const parts = tryRender(messages.map(({ role, content }) => ({ role, content: [{ type: 'text', text: content }] })))
  if (typeof parts === 'string' && hasUserTexts(parts) && !parts.includes(PRINTED_PART))
    return { text: parts, inParts: true }
  if (typeof plain === 'string') return { text: plain, inParts: false }
  throw plain.failure
}

function render(
  what: string,
  template: Template['parsed'],
  variables: ReadonlyMap<string, unknown>,
  messages: readonly TemplateMessage[]
): string {
  const environment = new Environment()
  for (const [name, value] of variables) environment.set(name, value)
  environment.set('messages', messages)
  environment.set('add_generation_prompt', true)
  try {
    const output: unknown = new PythonInterpreter(environment).run(template).value
    if (typeof output !== 'string') throw new Error('it renders no text')
    return output
  } catch (error) {
    if (!(error instanceof TemplateRefusal)) throw error
    const hasSystemTurn = messages.some((message) => message.role === 'system')
    throw inputError(
      `${what} refuses these messages: "${error.message}".`,
      hasSystemTurn ? 'Empty the system prompt if this model has no system turn.' : undefined
    )
  }
}

/** Returns the variables of a template besides the messages: transformers' own, then the user's arguments. */
function templateVariables(
  what: string,
  { templateArguments, date, specialTokens }: TemplateRequest
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
    ['strftime_now', (format: unknown) => strftime(date, String(format), what)],
    // Llama 3.x templates have a fixed default date.
    ['date_string', strftime(date, '%d %b %Y', what)],
    ['tools', null],
    ['documents', null],
    ...specialTokens
  ])
  for (const [name, value] of Object.entries(templateArguments)) {
    if (RESERVED.includes(name)) {
      throw inputError(`The template argument "${name}" is set by the program.`, 'Remove it.')
    }
    variables.set(name, value)
  }
  return variables
}

/** Python's `range`, with a limit of its length. */
function boundedRange(first: unknown, second?: unknown, step: unknown = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second]
  if (typeof start !== 'number' || typeof stop !== 'number' || typeof step !== 'number' || step === 0) {
    throw new Error('range() needs whole numbers and a step that is not 0')
  }
  const count = Math.max(0, Math.ceil((stop - start) / step))
  if (count > MAX_RANGE_ITEMS) throw new Error(`range() asks for ${count} items; at most ${MAX_RANGE_ITEMS} are given`)
  return Array.from({ length: count }, (_, index) => start + index * step)
}

/** Directives that d3-time-format formats as Python does in the C locale, for every day from 1998 to 2030. */
const DIRECTIVES = 'YymdejUWVGuwBbAaHIMSpf%'.split('')
const DIRECTIVE = /%[-_0]?(.?)/gsu

/**
 * Formats a date at midnight as Python's `strftime` does in the C locale.
 *
 * @param isoDate YYYY-MM-DD
 * @param what the template, for messages
 * @throws WorkbenchError `unsupported` naming another directive
 */
export function strftime(isoDate: string, format: string, what: string): string {
  for (const [directive, letter = ''] of format.matchAll(DIRECTIVE)) {
    if (DIRECTIVES.includes(letter)) continue
    throw unsupportedError(
      `${what} formats a date with ${JSON.stringify(directive)}, which is not supported.`,
      `Supported: ${DIRECTIVES.map((known) => `%${known}`).join(' ')}, each also with -, _ or 0 after the %.`
    )
  }
  return utcFormat(format)(new Date(`${isoDate}T00:00:00Z`))
}
