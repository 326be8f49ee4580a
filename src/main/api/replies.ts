import { randomUUID } from 'node:crypto'
import { elementAt, mapGet } from '../../contract/model/look-up'
import type { TokenLogprob } from '../../contract/procedures/served-models'
import type { ApiRequest } from './requests'
import type { ServedPrompt } from './served-variants'

/** Texts of tokens by id, for log-probabilities. */
type TokenTexts = ReadonlyMap<number, string>

/** One answer of a reply, which OpenAI calls a choice: the whole answer, or a new piece of a streamed one. */
export interface Choice {
  readonly index: number
  readonly text: string
  readonly logprobs: readonly TokenLogprob[]
  /** Reason for the end of the answer; null before the end. */
  readonly finish: 'stop' | 'length' | null
  /** The prompt before the text, with `echo`. */
  readonly echo: EchoedPrompt | null
  /** Characters that each token with a log-probability adds to the text; empty without log-probabilities. */
  readonly lengths: readonly number[]
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

/** Writes the JSON objects of one reply, in the formats that OpenAI documents for chat and for completions. */
export class ReplyWriter {
  private readonly isChat: boolean
  private readonly id: string
  /** Characters of the tokens that earlier events of a choice have reported, by the index of the choice. */
  private readonly offsets = new Map<number, number>()
  private readonly created = Math.floor(Date.now() / 1000)

  constructor(private readonly request: ApiRequest) {
    this.isChat = request.content.kind === 'chat'
    this.id = `${this.isChat ? 'chatcmpl' : 'cmpl'}-${randomUUID()}`
  }

  /** Builds a complete reply. @param promptLogprobs log-probabilities of the prompt's tokens, for each choice */
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
          : { text: textWithEcho(choice) }),
        logprobs: this.logprobs(choice, texts),
        finish_reason: choice.finish,
        ...(this.request.promptLogprobs === null
          ? {}
          : { prompt_logprobs: promptTable(elementAt(promptLogprobs, i, 'choice'), texts) })
      })),
      usage: usageObject(usage)
    }
  }

  /** Builds the event that opens a choice of a chat; null for completions, which have none. */
  opening(index: number): object | null {
    return this.isChat ? this.chunk([{ index, delta: { role: 'assistant', content: '' }, finish_reason: null }]) : null
  }

  /** Builds an event with new text of a choice, or with its end. */
  piece(choice: Choice, texts: TokenTexts): object {
    const { index, finish } = choice
    const text = textWithEcho(choice)
    return this.chunk([
      {
        index,
        ...(this.isChat ? { delta: text === '' ? {} : { content: text } } : { text }),
        logprobs: this.logprobs(choice, texts),
        finish_reason: finish
      }
    ])
  }

  /** Builds the last event of a stream, with the numbers of tokens. */
  usage(usage: Usage): object {
    return { ...this.chunk([]), usage: usageObject(usage) }
  }

  private chunk(choices: object[]): object {
    const frame = this.frame(this.isChat ? 'chat.completion.chunk' : 'text_completion')
    return { ...frame, choices, ...(this.request.streamUsage ? { usage: null } : {}) }
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

const textWithEcho = ({ echo, text }: Choice): string => (echo === null ? text : `${echo.text}${text}`)

const usageObject = ({ promptTokens, completionTokens }: Usage): object => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens
})

function chatLogprobs(logprobs: readonly TokenLogprob[], texts: TokenTexts): object {
  const entry = ({ token, logprob }: Pick<TokenLogprob, 'token' | 'logprob'>): object => {
    const text = mapGet(texts, token, 'token')
    // The text of a token with a part of a character lacks the bytes of that part.
    return { token: text, logprob: finite(logprob), bytes: text.includes('\uFFFD') ? null : [...Buffer.from(text)] }
  }
  return {
    content: logprobs.map((each) => ({ ...entry(each), top_logprobs: each.top.map(entry) })),
    refusal: null
  }
}

/**
 * Builds the log-probabilities of a completion: lists with one entry for each token. The first token of an echoed
 * prompt has no log-probability, so its entry is null.
 *
 * @param start offset of the first token in characters
 */
function completionLogprobs(choice: Choice, texts: TokenTexts, start: number): { logprobs: object; end: number } {
  const { logprobs, echo, lengths } = choice
  const first = firstTokens(choice)
  const all = logprobsOf({ echo, logprobs })
  const tokens = shownTokens(choice).map((token) => mapGet(texts, token, 'token'))
  let end = start
  const offsets = lengths.map((length) => (end += length) - length)
  const firstEntry = first.map(() => null)
  return {
    logprobs: {
      tokens,
      token_logprobs: [...firstEntry, ...all.map(({ logprob }) => finite(logprob))],
      top_logprobs: [...firstEntry, ...all.map((each) => topTable(each, texts))],
      text_offset: offsets
    },
    end
  }
}

/** Lists the tokens that a choice shows with log-probabilities in lists. */
export const shownTokens = (choice: Pick<Choice, 'logprobs' | 'echo'>): number[] => [
  ...firstTokens(choice),
  ...logprobsOf(choice).map(({ token }) => token)
]

/** Lists the log-probabilities of a choice: of its echoed prompt without the first token, and of its answer. */
export const logprobsOf = ({ echo, logprobs }: Pick<Choice, 'logprobs' | 'echo'>): TokenLogprob[] =>
  echo === null ? [...logprobs] : [...echo.logprobs, ...logprobs]

const firstTokens = ({ echo }: Pick<Choice, 'echo'>): number[] =>
  echo === null ? [] : [elementAt(echo.prompt.tokens, 0, 'token')]

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

/**
 * Builds vLLM's `prompt_logprobs`: for each token of the prompt, a table of its alternatives by token id. The first
 * token has no log-probability, so its entry is null.
 */
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

/** Replaces minus infinity, the log-probability of a filtered token, by -9999 as vLLM does: JSON has no infinity. */
const finite = (logprob: number): number => Math.max(logprob, -9999)

/** Lists the tokens of log-probabilities, with their alternatives. Replies need the texts of all of them. */
export const tokensOf = (logprobs: readonly TokenLogprob[]): number[] =>
  logprobs.flatMap(({ token, top }) => [token, ...top.map((other) => other.token)])
