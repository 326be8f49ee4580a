import { elementAt, mapGet } from '../../contract/model/look-up'
import type { TokenLogprob } from '../../contract/procedures/served-models'
import type { ServerMetrics } from './metrics'
import { type Choice, type EchoedPrompt, ReplyWriter, tokensOf, type Usage } from './replies'
import type { ApiRequest } from './requests'
import type { ServedPrompt, ServedVariants } from './served-variants'

/** Receives the events of a streamed reply. */
export type SendEvent = (event: object) => void

interface GrowingChoice {
  text: string
  logprobs: TokenLogprob[]
  finish: Choice['finish']
  promptLogprobs: readonly TokenLogprob[]
}

/** Answers one request of the API, as a whole or as a stream of events. */
export class RequestAnswer {
  private readonly writer: ReplyWriter
  private readonly tokenTexts = new Map<number, string>()
  private readonly choices = new Map<number, GrowingChoice>()
  private readonly usage: Usage = { promptTokens: 0, completionTokens: 0 }
  private readonly startedMs = performance.now()
  private hasFirstToken = false
  /** Writes the events of a stream in order, although some wait for the texts of tokens. */
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
    // Choices are completed one after the other, because most tokens of a choice were looked up for an earlier choice.
    for (const index of indices) choices.push(await this.choiceOf(index))
    const promptLogprobs = indices.map((index) => mapGet(this.choices, index, 'choice').promptLogprobs)
    await this.lookUp(promptLogprobs.flatMap(tokensOf))
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

  /** Answers one prompt. @param first index of its first choice */
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
  private emitter(send: SendEvent | null): (index: number, piece: Omit<Choice, 'index' | 'echo'>) => void {
    const echoed = new Set<number>()
    return (index, piece) => {
      if (send === null) return
      const isEchoed = echoed.has(index)
      echoed.add(index)
      this.writes = this.writes.then(async () => {
        const event = { ...piece, index, echo: isEchoed ? null : await this.echoOf(index) }
        await this.lookUpChoice(event)
        send(this.writer.piece(event, this.tokenTexts))
      })
    }
  }

  private async choiceOf(index: number): Promise<Choice> {
    const { text, logprobs, finish } = mapGet(this.choices, index, 'choice')
    const choice = { index, text, logprobs, finish, echo: await this.echoOf(index) }
    await this.lookUpChoice(choice)
    return choice
  }

  private async echoOf(index: number): Promise<EchoedPrompt | null> {
    const prompt = this.prompts[Math.floor(index / this.request.answerCount)]
    if (!this.request.echo || prompt === undefined) return null
    const text = prompt.text ?? (await this.models.decodePrompt(prompt.tokens))
    return { prompt, text, logprobs: mapGet(this.choices, index, 'choice').promptLogprobs }
  }

  private async lookUpChoice({ logprobs, echo }: Choice): Promise<void> {
    if (this.request.topLogprobs === null) return
    const echoed = echo === null ? [] : [...echo.prompt.tokens.slice(0, 1), ...tokensOf(echo.logprobs)]
    await this.lookUp([...echoed, ...tokensOf(logprobs)])
  }

  private async lookUp(tokens: readonly number[]): Promise<void> {
    const unknown = [...new Set(tokens)].filter((token) => !this.tokenTexts.has(token))
    if (unknown.length === 0) return
    const texts = await this.models.decodeEach(unknown)
    for (const [i, token] of unknown.entries()) this.tokenTexts.set(token, elementAt(texts, i, 'token'))
  }
}
