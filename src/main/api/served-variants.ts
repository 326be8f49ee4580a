import { randomInt, randomUUID } from 'node:crypto'
import type { Rendering } from '../../contract/documents/crc'
import { formatCount, plural } from '../../contract/words/format'
import type { EngineVariant, SampleSettings } from '../../contract/documents/samples'
import { FEW_SHOT_DEFAULTS, type FewShotPrompts, fewShotText } from '../../contract/model/few-shot'
import { elementAt } from '../../contract/model/look-up'
import { weightsKey } from '../../contract/model/model'
import type { ServedModels, ServedPlan, ServedRequest, TokenLogprob } from '../../contract/procedures/served-models'
import { SerialQueue } from '../base/files/serial-queue'
import { comparePrompts } from '../answers/compare-prompts'
import { compareTokens, type WholeModel, type WholeModelTokens } from '../checkpoint/whole-model-tokens'
import type { EngineClient } from '../engine/host'
import { distinctModels } from '../samples/distinct-models'
import { openSampledPair, prepareGeneration, type SampledPair } from '../samples/generation'
import { renderChat, renderOnePlain, withSystemTurn } from '../text/chat'
import { decodeOne } from '../text/text-model'
import { ApiError } from './api-error'
import type { ApiRequest } from './requests'
import { TextStream } from './text-stream'

/** A model under the name by which requests ask for it. */
export interface NamedVariant {
  readonly name: string
  readonly variant: EngineVariant
}

interface ServingSettings {
  readonly base: string
  readonly post: string
  readonly rendering: Rendering
  readonly defaults: SampleSettings
  readonly variants: readonly NamedVariant[]
  /** Finds a model that a request names, or null. If omitted, only `variants` are served. */
  readonly findVariant?: (name: string) => Promise<EngineVariant | null>
}

/** The models that the engine process has loaded. Models with equal weights are loaded once. */
interface LoadedModels {
  readonly variants: readonly (NamedVariant & {
    /** Index into the models of `served`. */
    readonly model: number
  })[]
  /** The request that loaded the models. Its id names them in later requests to the engine. */
  readonly served: ServedModels
  /** Precision, storage of weights and maximum length that the engine chose. */
  readonly plan: ServedPlan
  readonly notices: readonly string[]
}

/** A prompt as the model sees it. */
export interface ServedPrompt {
  readonly tokens: number[]
  /** Rendered text. Null for a prompt of token ids. */
  readonly text: string | null
  /** True for a text without a chat template. */
  readonly raw: boolean
  /** For the few-shot model: the same prompt, with the format whose stop text ends an answer. Else undefined. */
  readonly fewShot?: FewShotPrompts
}

/** New text of an answer. Log-probabilities of its tokens are included if the request wants them. */
interface AnswerPiece {
  readonly text: string
  readonly logprobs: readonly TokenLogprob[]
}

/** Receives the answers to one prompt as they grow. */
interface AnswerListener {
  promptLogprobs(logprobs: readonly TokenLogprob[]): void
  /** Receives the number of tokens that a step of the engine has generated. */
  tokens(count: number): void
  piece(index: number, piece: AnswerPiece): void
  /** Receives the end of an answer, with the text that follows the last piece and the number of all its tokens. */
  end(index: number, text: string, finish: 'stop' | 'length', tokenCount: number): void
}

/** Maximum number of answers that the engine decodes at a time. */
const BATCH_ROWS = 64

/** Upper bound of the mean number of characters of a token. */
const MAX_TOKEN_CHARACTERS = 16

/** Maximum number of loaded models. Loading one interrupts all answers. Mixes of logits would need no memory. */
const MAX_MODELS = 64

/** The models of a pair that answer requests, loaded in the engine. */
export class ServedVariants {
  /** Changes of the loaded models, one at a time. */
  private readonly changes = new SerialQueue()
  /** Number of prompts that are being answered. */
  private answerCount = 0
  /** Called when `answerCount` falls to 0. A change of the models waits for this. */
  private allEnded = (): void => undefined

  private constructor(
    private readonly engine: EngineClient,
    private readonly pair: SampledPair,
    private readonly settings: ServingSettings,
    private loaded: LoadedModels
  ) {}

  /** Checks the variants and loads them. @throws WorkbenchError as `prepareGeneration`, and of the engine */
  static async open(engine: EngineClient, settings: ServingSettings): Promise<ServedVariants> {
    const { variants, defaults, base, post } = settings
    const pair = await openSampledPair({ base, post })
    return new ServedVariants(engine, pair, settings, await load(engine, pair, variants, defaults))
  }

  get plan(): ServedPlan {
    return this.loaded.plan
  }

  get notices(): readonly string[] {
    return this.loaded.notices
  }

  get names(): string[] {
    return this.loaded.variants.map(({ name }) => name)
  }

  get defaults(): SampleSettings {
    return this.settings.defaults
  }

  /** Renders the prompts of a request. @throws ApiError for no or too long text, or a token outside the vocabulary */
  async promptsOf({ model, content, logitBias }: ApiRequest): Promise<ServedPrompt[]> {
    const { rendering } = this.settings
    this.refuseUnknownTokens(
      'logit_bias',
      logitBias.map(([token]) => token)
    )
    const prompts: ServedPrompt[] = []
    if (content.kind === 'chat') {
      const { messages, templateArguments } = content
      this.refuseLongText('messages', messages.map((message) => message.content).join(''))
      const hasSystem = messages.some(({ role }) => role === 'system')
      const turns = withSystemTurn(messages, hasSystem ? '' : rendering.systemPrompt)
      if (this.requireServed(model).variant.kind === 'few-shot') {
        const format = rendering.fewShot ?? FEW_SHOT_DEFAULTS.open
        const { tokens, rendered } = await renderOnePlain(this.pair.text, fewShotText(format, turns))
        prompts.push({
          tokens,
          text: rendered,
          raw: true,
          fewShot: { format, prompts: [{ rendered, tokens }] }
        })
      } else {
        const { tokens, rendered } = await renderChat(this.pair.text, turns, {
          ...rendering,
          templateArguments: { ...rendering.templateArguments, ...templateArguments }
        })
        prompts.push({ tokens, text: rendered, raw: false })
      }
    } else {
      for (const prompt of content.prompts) {
        if (typeof prompt === 'string') {
          this.refuseLongText('prompt', prompt)
          const { tokens } = await renderOnePlain(this.pair.text, prompt)
          prompts.push({ tokens, text: prompt, raw: true })
        } else {
          this.refuseUnknownTokens('prompt', prompt)
          prompts.push({ tokens: prompt, text: null, raw: true })
        }
      }
    }
    if (prompts.some(({ tokens }) => tokens.length === 0))
      throw new ApiError(400, 'The prompt becomes no tokens. Expected a text.', null, 'prompt')
    for (const { tokens } of prompts) this.refuseLongPrompt(content.kind === 'chat' ? 'messages' : 'prompt', tokens)
    return prompts
  }

  /** Decodes sequences of token ids by post's tokenizer. */
  decodeAll(sequences: readonly (readonly number[])[]): Promise<string[]> {
    return this.pair.text.decodeAll(sequences)
  }

  /** Decodes token ids by post's tokenizer, each by itself. Special tokens have their names. */
  async decodeEach(tokens: readonly number[]): Promise<string[]> {
    const { text } = this.pair
    const decoded = await text.decodeAll(tokens.map((token) => [token]))
    return decoded.map((word, i) => text.addedTokens.get(elementAt(tokens, i, 'token')) ?? word)
  }

  decodePrompt(tokens: readonly number[]): Promise<string> {
    return decodeOne(this.pair.text, tokens)
  }

  /** Answers one prompt of a request. @param signal ends the answers early, and frees their rows */
  async answer(
    request: ApiRequest,
    prompt: ServedPrompt,
    listener: AnswerListener,
    signal: AbortSignal
  ): Promise<void> {
    // Waits for a running change of the models.
    await this.changes.run(async () => void this.answerCount++)
    try {
      await this.answerNow(request, prompt, listener, signal)
    } finally {
      this.answerCount--
      if (this.answerCount === 0) this.allEnded()
    }
  }

  private async answerNow(
    request: ApiRequest,
    prompt: ServedPrompt,
    listener: AnswerListener,
    signal: AbortSignal
  ): Promise<void> {
    const { served } = this.loaded
    const { variant, model } = this.requireServed(request.model)
    const { generation } = await prepareGeneration(
      this.pair,
      { prompts: [prompt.tokens], fewShot: prompt.fewShot },
      [variant],
      { ...this.defaults, sampleCount: request.answerCount },
      (whole) => this.compare(whole, prompt)
    )
    const decode = async (tokens: readonly number[]): Promise<string> =>
      elementAt(await generation.textsOf([{ variant: 0, prompt: 0, tokens }]), 0, 'text')
    const stopTexts = [...request.stopTexts, ...(prompt.fewShot === undefined ? [] : [prompt.fewShot.format.stop])]
    const texts = Array.from({ length: request.answerCount }, () => new TextStream(decode, stopTexts))
    const id = randomUUID()
    const engineRequest = toEngineRequest(request, { served, id, model, prompt: prompt.tokens, stopTexts })
    // The call itself is not cancelled: an engine that does not react to a cancellation in time would be ended.
    const leave = (): void => void this.engine.served.leave({ served, id }).catch(() => undefined)
    signal.addEventListener('abort', leave, { once: true })
    try {
      const events = await this.engine.served.answer(engineRequest)
      if (signal.aborted) leave()
      for await (const event of events) {
        if (event.type === 'prompt') listener.promptLogprobs(event.logprobs)
        else if (event.type === 'answer') {
          const text = elementAt(texts, event.index, 'answer').end(await decode(event.tokens))
          listener.end(event.index, text, event.finish, event.tokens.length)
        } else {
          // A null token is an end token, which is no part of the answer.
          listener.tokens(event.tokens.filter(({ token }) => token !== null).length)
          if (!request.stream && request.topLogprobs === null) continue
          for (const { index, token, logprob } of event.tokens) {
            const added = token === null || !request.stream ? [] : [token]
            const text = await elementAt(texts, index, 'answer').add(added)
            const logprobs = logprob === null ? [] : [logprob]
            if (text !== '' || logprobs.length > 0) listener.piece(index, { text, logprobs })
          }
        }
      }
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  /** Frees the engine's memory. */
  async close(): Promise<void> {
    await this.engine.served.close({ id: this.loaded.served.id })
  }

  /** Loads a model that a request names, if it is not loaded and `findVariant` finds it. Running answers end before. */
  async serve(name: string): Promise<void> {
    await this.changes.run(async () => {
      const { findVariant, defaults } = this.settings
      const variant = this.names.includes(name) ? null : await findVariant?.(name)
      if (!variant) return
      if (this.names.length >= MAX_MODELS) {
        const message = `${MAX_MODELS} models are served, and no further one is loaded. Use one of them.`
        throw new ApiError(503, message, 'too_many_models', 'model')
      }
      const { variants, served, plan } = this.loaded
      const sameWeights = variants.find((other) => weightsKey(other.variant) === weightsKey(variant))
      if (sameWeights !== undefined) {
        const { model } = sameWeights
        this.loaded = { ...this.loaded, variants: [...variants, { name, variant: { ...variant, name }, model }] }
        return
      }
      if (this.answerCount > 0) await new Promise<void>((resolve) => (this.allEnded = resolve))
      // Precision and storage of weights stay those of the served models, because their answers must not change.
      const settings = { ...defaults, precision: plan.precision, weights: plan.weights }
      await this.close()
      const all = [...variants, { name, variant: { ...variant, name } }]
      try {
        this.loaded = await load(this.engine, this.pair, all, settings)
      } catch (error) {
        // The next request loads the earlier models again.
        this.loaded = { ...this.loaded, served: { ...served, id: randomUUID() } }
        throw error
      }
    })
    this.requireServed(name)
  }

  /** Returns a loaded model by its name. @throws ApiError for a model that is not served */
  requireServed(name: string): LoadedModels['variants'][number] {
    const served = this.loaded.variants.find((variant) => variant.name === name)
    if (served !== undefined) return served
    throw new ApiError(
      404,
      `The model ${JSON.stringify(name)} is not served. Expected one of ${this.names.join(', ')}.`,
      'model_not_found',
      'model'
    )
  }

  /** Refuses a text that cannot fit, before the tokenizer spends seconds on it. @throws ApiError */
  private refuseLongText(field: string, text: string): void {
    const { contextLength } = this.pair.post.spec
    if (contextLength === null || text.length <= MAX_TOKEN_CHARACTERS * contextLength) return
    throw contextError(
      field,
      `${plural(text.length, 'character')} do not fit into post's context of ${plural(contextLength, 'token')}.`
    )
  }

  /** Refuses a prompt that leaves no room for an answer, with the code that clients know. @throws ApiError */
  private refuseLongPrompt(field: string, { length }: readonly number[]): void {
    const { contextLength } = this.pair.post.spec
    if (contextLength === null || length < contextLength) return
    const room = `Post's context of ${formatCount(contextLength)} leaves no room for an answer.`
    throw contextError(field, `The text becomes ${plural(length, 'token')}. ${room} Shorten the text.`)
  }

  /** @throws ApiError for a token of a field outside the vocabulary */
  private refuseUnknownTokens(field: string, tokens: readonly number[]): void {
    const { vocabularySize } = this.pair.post.spec
    const outside = tokens.find((token) => token < 0 || token >= vocabularySize)
    if (outside === undefined) return
    const message = `${field}: token ${outside} is outside the vocabulary of ${plural(vocabularySize, 'token')}.`
    throw new ApiError(400, message, null, field)
  }

  /**
   * Compares how a whole model, such as a checkpoint, and post tokenize a prompt. For a prompt of token ids, only the
   * vocabulary and the context length are compared.
   */
  private compare(whole: WholeModel, { tokens, text, raw }: ServedPrompt): Promise<WholeModelTokens> {
    if (text === null) return compareTokens(whole, this.pair.post, { prompts: [tokens], answers: [] }, async () => null)
    return comparePrompts(whole, this.pair, [{ text, category: '', raw, rendered: text, tokens }])
  }
}

const contextError = (field: string, words: string): ApiError =>
  new ApiError(400, `${field}: ${words}`, 'context_length_exceeded', field)

/** Converts a request of the API to a request of the engine. A missing seed is drawn. */
const toEngineRequest = (
  { answerCount, seed, sampling, maxTokens, logitBias, topLogprobs, promptLogprobs }: ApiRequest,
  target: Pick<ServedRequest, 'served' | 'id' | 'model' | 'prompt' | 'stopTexts'>
): ServedRequest => ({
  ...target,
  answerCount,
  seed: seed ?? randomInt(2 ** 31),
  sampling,
  maxTokens,
  logitBias,
  topLogprobs,
  promptLogprobs
})

/** Checks models and loads them in the engine. @throws WorkbenchError as `prepareGeneration`, and of the engine */
async function load(
  engine: EngineClient,
  pair: SampledPair,
  variants: readonly NamedVariant[],
  settings: SampleSettings
): Promise<LoadedModels> {
  const { generation, notices } = await prepareGeneration(
    pair,
    { prompts: [] },
    variants.map(({ variant }) => variant),
    settings,
    (whole) => comparePrompts(whole, pair, [])
  )
  const distinct = distinctModels(generation.models)
  const { device, precision, weights, memoryBytes } = settings
  const served: ServedModels = {
    id: randomUUID(),
    base: generation.base,
    post: generation.post,
    device,
    precision,
    weights,
    models: distinct.map(({ model }) => model),
    stopTokens: generation.stopTokens,
    memoryBytes,
    batchRows: BATCH_ROWS
  }
  const loadedVariants = variants.map((variant, index) => ({
    ...variant,
    model: distinct.findIndex(({ indices }) => indices.includes(index))
  }))
  return { variants: loadedVariants, served, plan: await engine.served.open(served), notices }
}
