import { randomUUID } from 'node:crypto'
import { elementAt, mapGet } from '../../contract/model/look-up'
import type { TokenLogprob } from '../../contract/procedures/served-models'
import type { ApiRequest } from './requests'
import type { ServedPrompt } from './served-variants'

/** Texts of tokens by id, for log-probabilities. */
export type TokenTexts = ReadonlyMap<number, string>

/** One choice of a reply: complete, or the part that has been generated so far. */
export interface Choice {
  readonly index: number
  readonly text: string
  readonly logprobs: readonly TokenLogprob[]
  readonly finish: 'stop' | 'length' | null
  /** The prompt before the text, with `echo`. */
  readonly echo: EchoedPrompt | null
}

export interface EchoedPrompt {
  readonly prompt: ServedPrompt
  readonly text: string
  /** Log-probabilities of the tokens after the first. */
  readonly logprobs: readonly TokenLogprob[]
}

export interface Usage {
  promptTokens: number
  completionTokens: number
}

/** Writes the objects of one reply, as OpenAI documents them. */
export class ReplyWriter {
  private readonly isChat: boolean
  private readonly id: string
  /** Length of the tokens' texts by choice. */
  private readonly offsets = new Map<number, number>()
  private readonly created = Math.floor(Date.now() / 1000)

  constructor(private readonly request: ApiRequest) {
    this.isChat = request.content.kind === 'chat'
    this.id = `${this.isChat ? 'chatcmpl' : 'cmpl'}-${randomUUID()}`
  }

  /** Builds a complete reply. @param promptLogprobs by choice */
  whole(
    choices: readonly Choice[],
    usage: Usage,
    texts: TokenTexts,
    promptLogprobs: readonly (readonly TokenLogprob[])[]
  ): object {
    return {
      ...this.frame(this.isChat ? 'chat.completion' : 'text_completion'),
      choices: choices.map((choice, i) => ({
        index: choice.index,
        ...(this.isChat
          ? { message: { role: 'assistant', content: choice.text, refusal: null } }
          : { text: textOf(choice) }),
        logprobs: this.logprobs(choice, texts),
        finish_reason: choice.finish,
        ...(this.request.promptLogprobs === null
          ? {}
          : { prompt_logprobs: promptTable(elementAt(promptLogprobs, i, 'choice'), texts) })
      })),
      usage: usageObject(usage)
    }
  }

  /** Builds the first event of a choice. */
  opening(index: number): object | null {
    return this.isChat ? this.chunk([{ index, delta: { role: 'assistant', content: '' }, finish_reason: null }]) : null
  }

  /** Builds an event with new text of a choice, or with its end. */
  piece(choice: Choice, texts: TokenTexts): object {
    const { index, finish } = choice
    const text = textOf(choice)
    return this.chunk([
      {
        index,
        ...(this.isChat ? { delta: text === '' ? {} : { content: text } } : { text }),
        logprobs: this.logprobs(choice, texts),
        finish_reason: finish
      }
    ])
  }

  usage(usage: Usage): object {
    return { ...this.chunk([]), usage: usageObject(usage) }
  }

  private chunk(choices: object[]): object {
    return { ...this.frame(this.isChat ? 'chat.completion.chunk' : 'text_completion'), choices }
  }

  private frame(object: string): object {
    return { id: this.id, object, created: this.created, model: this.request.model }
  }

  private logprobs(choice: Choice, texts: TokenTexts): object | null {
    if (this.request.topLogprobs === null || (choice.logprobs.length === 0 && choice.echo === null)) return null
    if (this.isChat) return chatLogprobs(choice.logprobs, texts)
    const start = this.offsets.get(choice.index)
    const lists = completionLogprobs(choice, texts, start === undefined ? 0 : start)
    this.offsets.set(choice.index, lists.end)
    return lists.logprobs
  }
}

const textOf = ({ echo, text }: Choice): string => (echo === null ? text : `${echo.text}${text}`)

const usageObject = ({ promptTokens, completionTokens }: Usage): object => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens
})

function chatLogprobs(logprobs: readonly TokenLogprob[], texts: TokenTexts): object {
  const entry = ({ token, logprob }: Pick<TokenLogprob, 'token' | 'logprob'>): object => {
    const text = mapGet(texts, token, 'token')
    return { token: text, logprob: finite(logprob), bytes: [...Buffer.from(text)] }
  }
  return {
    content: logprobs.map((each) => ({ ...entry(each), top_logprobs: each.top.map(entry) })),
    refusal: null
  }
}

/** Builds the lists of the older API, one entry for each token. The very first token has no log-probability. */
function completionLogprobs(
  { logprobs, echo }: Choice,
  texts: TokenTexts,
  start: number
): { logprobs: object; end: number } {
  const first = echo === null ? [] : [elementAt(echo.prompt.tokens, 0, 'token')]
  const all = [...(echo === null ? [] : echo.logprobs), ...logprobs]
  const tokens = [...first, ...all.map(({ token }) => token)].map((token) => mapGet(texts, token, 'token'))
  let end = start
  const offsets = tokens.map((text) => (end += text.length) - text.length)
  const none = first.map(() => null)
  return {
    logprobs: {
      tokens,
      token_logprobs: [...none, ...all.map(({ logprob }) => finite(logprob))],
      top_logprobs: [...none, ...all.map((each) => topTable(each, texts))],
      text_offset: offsets
    },
    end
  }
}

/** Builds the table of a token's alternatives by their texts. Tokens of equal text are named by their id. */
function topTable({ token, logprob, top }: TokenLogprob, texts: TokenTexts): Record<string, number> {
  const table = new Map<string, number>([[mapGet(texts, token, 'token'), finite(logprob)]])
  for (const other of top) {
    if (other.token === token) continue
    const text = mapGet(texts, other.token, 'token')
    table.set(table.has(text) ? `token_id:${other.token}` : text, finite(other.logprob))
  }
  return Object.fromEntries(table)
}

/** Builds vLLM's table of a prompt's tokens by id. */
function promptTable(logprobs: readonly TokenLogprob[], texts: TokenTexts): (object | null)[] {
  return [
    null,
    ...logprobs.map(({ token, logprob, rank, top }) => {
      const entry = (id: number, value: number, rank: number): [string, object] => [
        String(id),
        { logprob: finite(value), rank, decoded_token: mapGet(texts, id, 'token') }
      ]
      return Object.fromEntries([
        ...top.map((other, i) => entry(other.token, other.logprob, i + 1)),
        entry(token, logprob, rank)
      ])
    })
  ]
}

/** JSON has no infinity. A filter of logits rules tokens out, which servers report as this number. */
const finite = (logprob: number): number => Math.max(logprob, -9999)

/** Lists the tokens whose texts a reply needs. */
export const tokensOf = (logprobs: readonly TokenLogprob[]): number[] =>
  logprobs.flatMap(({ token, top }) => [token, ...top.map((other) => other.token)])
