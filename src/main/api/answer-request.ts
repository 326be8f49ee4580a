import { elementAt, mapGet } from '../../contract/model/look-up'
import type { TokenLogprob } from '../../contract/procedures/served-models'
import type { ServerMetrics } from './metrics'
import { addedLengths } from './added-lengths'
import { type Choice, type EchoedPrompt, logprobsOf, ReplyWriter, shownTokens, tokensOf, type Usage } from './replies'
import type { ApiRequest } from './requests'
import type { ServedPrompt, ServedVariants } from './served-variants'

/** Receives the events of a streamed reply. */
type SendEvent = (event: object) => void

/** One answer as far as it is generated. OpenAI calls an answer a choice. */
interface GrowingChoice {
  text: string
  logprobs: TokenLogprob[]
  finish: Choice['finish']
  promptLogprobs: readonly TokenLogprob[]
}

/**
 * Answers one request of the API, as a whole or as a stream of events. Choices of the first prompt come first: choice i
 * of prompt p has the index p × `answerCount` + i.
 */
export class RequestAnswer {
  private readonly writer: ReplyWriter
  /** Texts of tokens by id, which replies with log-probabilities show. */
  private readonly tokenTexts = new Map<number, string>()
  private readonly choices = new Map<number, GrowingChoice>()
  private readonly usage: Usage = { promptTokens: 0, completionTokens: 0 }
  private readonly startedMs = performance.now()
  private hasFirstToken = false
  /** Ends with the last event so far. Each event waits for the event before, because some wait for texts of tokens. */
  private writes: Promise<void> = Promise.resolve()

  constructor(
    private readonly models: ServedVariants,
    private readonly request: ApiRequest,
    private readonly prompts: readonly ServedPrompt[],
    private readonly metrics: ServerMetrics,
    private readonly signal: AbortSignal
  ) {
    this.writer = new ReplyWriter(request)
  }

  /** Returns the complete reply. @throws WorkbenchError as `ServedVariants.answer` */
  async whole(): Promise<object> {
    await this.answerAll(null)
    const indices = [...this.choices.keys()].sort((a, b) => a - b)
    const choices: Choice[] = []
    // One after the other, because the texts of most tokens are known from an earlier choice.
    for (const index of indices) choices.push(await this.choiceOf(index))
    const promptLogprobs = indices.map((index) => mapGet(this.choices, index, 'choice').promptLogprobs)
    await this.loadTokenTexts(promptLogprobs.flatMap(tokensOf))
    return this.writer.whole(choices, this.usage, this.tokenTexts, promptLogprobs)
  }

  /** Sends the reply as it grows. @throws WorkbenchError as `ServedVariants.answer` */
  async stream(send: SendEvent): Promise<void> {
    await this.answerAll(send)
    await this.writes
    if (this.request.streamUsage) send(this.writer.usage(this.usage))
  }

  private async answerAll(send: SendEvent | null): Promise<void> {
    await Promise.all(
      this.prompts.map((prompt, index) => this.answerPrompt(prompt, index * this.request.answerCount, send))
    )
  }

  /** Answers one prompt. @param first index of the prompt's first choice */
  private async answerPrompt(prompt: ServedPrompt, first: number, send: SendEvent | null): Promise<void> {
    const { answerCount, model } = this.request
    this.usage.promptTokens += prompt.tokens.length
    this.metrics.promptTokens.add({ model }, prompt.tokens.length)
    const choices = Array.from({ length: answerCount }, (): GrowingChoice => ({
      text: '',
      logprobs: [],
      finish: null,
      promptLogprobs: []
    }))
    for (const [i, choice] of choices.entries()) {
      this.choices.set(first + i, choice)
      const opening = this.writer.opening(first + i)
      if (opening !== null) send?.(opening)
    }
    const emit = this.emitter(send)
    await this.models.answer(
      this.request,
      prompt,
      {
        promptLogprobs: (logprobs) => {
          for (const choice of choices) choice.promptLogprobs = logprobs
        },
        tokens: (count) => {
          this.metrics.generatedTokens.add({ model }, count)
          if (!this.hasFirstToken) this.metrics.firstToken.observe((performance.now() - this.startedMs) / 1000)
          this.hasFirstToken = true
        },
        piece: (i, { text, logprobs }) => {
          elementAt(choices, i, 'choice').logprobs.push(...logprobs)
          emit(first + i, { text, logprobs, finish: null })
        },
        end: (i, text, finish, tokenCount) => {
          const choice = elementAt(choices, i, 'choice')
          choice.text = text
          choice.finish = finish
          this.usage.completionTokens += tokenCount
          emit(first + i, { text, logprobs: [], finish })
        }
      },
      this.signal
    )
  }

  /** Returns a function that sends a piece of a choice. The first piece of a choice brings the echoed prompt. */
  private emitter(send: SendEvent | null): (index: number, piece: Omit<Choice, 'index' | 'echo' | 'lengths'>) => void {
    const begunChoices = new Set<number>()
    return (index, piece) => {
      if (send === null) return
      const isFirst = !begunChoices.has(index)
      begunChoices.add(index)
      this.writes = this.writes.then(async () => {
        const echo = isFirst ? await this.echoOf(index) : null
        send(this.writer.piece(await this.withTexts({ ...piece, index, echo }), this.tokenTexts))
      })
    }
  }

  private async choiceOf(index: number): Promise<Choice> {
    const { text, logprobs, finish } = mapGet(this.choices, index, 'choice')
    return this.withTexts({ index, text, logprobs, finish, echo: await this.echoOf(index) })
  }

  /** Returns the prompt of a choice, if the request wants prompts repeated. */
  private async echoOf(index: number): Promise<EchoedPrompt | null> {
    const prompt = this.prompts[Math.floor(index / this.request.answerCount)]
    if (!this.request.echo || prompt === undefined) return null
    const text = prompt.text ?? (await this.models.decodePrompt(prompt.tokens))
    return { prompt, text, logprobs: mapGet(this.choices, index, 'choice').promptLogprobs }
  }

  /** Loads the texts of the tokens that a choice shows with log-probabilities, and adds their lengths. */
  private async withTexts(choice: Omit<Choice, 'lengths'>): Promise<Choice> {
    if (this.request.topLogprobs === null) return { ...choice, lengths: [] }
    const tokens = shownTokens(choice)
    await this.loadTokenTexts([...tokens, ...tokensOf(logprobsOf(choice))])
    const texts = tokens.map((token) => mapGet(this.tokenTexts, token, 'token'))
    const lengths = await addedLengths(tokens, texts, (sequences) => this.models.decodeAll(sequences))
    return { ...choice, lengths }
  }

  private async loadTokenTexts(tokens: readonly number[]): Promise<void> {
    const unknown = [...new Set(tokens)].filter((token) => !this.tokenTexts.has(token))
    if (unknown.length === 0) return
    const texts = await this.models.decodeEach(unknown)
    for (const [i, token] of unknown.entries()) this.tokenTexts.set(token, elementAt(texts, i, 'token'))
  }
}
