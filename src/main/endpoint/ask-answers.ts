import { setMaxListeners } from 'node:events'
import { z } from 'zod'
import { elementAt } from '../../contract/model/look-up'
import type { Endpoint, ExternalRecord } from '../../contract/model/external-model'
import { WorkbenchError } from '../../contract/model/problem'
import { servesOthers } from '../../contract/words/served-models'
import { cancellable, throwIfCancelled } from '../base/files/cancelling'
import { EndpointClient, type EndpointPatience, EndpointRefusal } from './client'
import { OTHER_MODEL_HINT, requireNamedModel } from './named-model'
import { type AskedPrompt, requestBody, type RequestSettings } from './request-body'
import { askServed, type ServerProgram } from './server-program'

/** Answers of one request at most: what a kill can lose is this many for each request under way. */
const MOST_PER_REQUEST = 16
/** Tokens of one reply at most, unless a single answer may have more. */
const MOST_TOKENS_PER_REPLY = 65_536
/** No token of a vocabulary is longer in JSON, on average over an answer. */
const BYTES_PER_TOKEN = 64
const REPLY_FRAME_BYTES = 1_000_000
/** Of one answer: a stored line holds no more. */
const MOST_ANSWER_BYTES = 2_000_000

/** Answers that an endpoint is to give. */
export interface AnswersToAsk {
  endpoint: Endpoint
  apiKey: string | null
  patience?: EndpointPatience | undefined
  prompts: readonly AskedPrompt[]
  settings: RequestSettings
  /** For each prompt the numbers of the answers that are missing. */
  missing: readonly (readonly number[])[]
}

export interface EndpointAnswer extends Answer {
  prompt: number
  index: number
}

interface Answer {
  text: string
  finish: 'stop' | 'length'
}

export interface AnswersListener {
  /**
   * Gets answers at once, to store them. When it rejects, so does the asking.
   *
   * @param counted tokens of them, as the server counts; null where it counts none
   */
  keep(answers: EndpointAnswer[], counted: number | null): Promise<void>
  /** Who answers, when more is known of it. */
  learned(record: Omit<ExternalRecord, 'variant'>): Promise<void>
  /** Why a request is going to be asked again. */
  again(why: string): void
}

const Frame = z.object({
  model: z.string().nullish(),
  system_fingerprint: z.string().nullish(),
  usage: z.object({ completion_tokens: z.number().nullish() }).nullish()
})
const finish = z.string().nullish()
const Replies = {
  completions: Frame.extend({
    choices: z.array(z.object({ text: z.string(), finish_reason: finish })).min(1)
  }).transform(({ choices, ...frame }) => ({
    ...frame,
    answers: choices.map(({ text, finish_reason }) => ({ text, finish: finishOf(finish_reason) }))
  })),
  chat: Frame.extend({
    choices: z
      .array(z.object({ message: z.object({ content: z.string().nullish() }), finish_reason: finish }))
      .min(1)
  }).transform(({ choices, ...frame }) => ({
    ...frame,
    answers: choices.map(({ message, finish_reason }) => ({
      // Null where a model has only thought.
      text: message.content ?? '',
      finish: finishOf(finish_reason)
    }))
  }))
}
type Reply = z.infer<(typeof Replies)['chat']>

/** An answer up to the first of the stop texts: a server may pass over them, and measures compare answers that end alike. */
function beforeStop(answer: Answer, stopTexts: readonly string[]): Answer {
  const ends = stopTexts.map((stop) => answer.text.indexOf(stop)).filter((place) => place !== -1)
  return ends.length === 0 ? answer : { text: answer.text.slice(0, Math.min(...ends)), finish: 'stop' }
}

const finishOf = (reason: string | null | undefined): 'stop' | 'length' =>
  reason === 'length' ? 'length' : 'stop'

const PATHS = { completions: '/completions', chat: '/chat/completions' } as const
const NAMES = { completions: 'a completion', chat: 'a chat completion' } as const

/**
 * Asks an endpoint for answers, many at once, several by one request where it gives several. Each is handed on as it comes, once. The model
 * is the one that is expected before the first is asked for and in every reply, unless any will do.
 *
 * @throws WorkbenchError `cancelled` when `signal` fires; `mismatch` when another model answers; otherwise as `EndpointClient.ask`.
 *   Answers until then have been kept.
 */
export async function askAnswers(
  asked: AnswersToAsk,
  listener: AnswersListener,
  signal: AbortSignal
): Promise<void> {
  // The first failure stops the requests that wait, and those under way.
  const failed = new AbortController()
  const stop = AbortSignal.any([signal, failed.signal])
  // As many as there are requests under way, which is no leak.
  setMaxListeners(0, stop)
  const asking = new Asking(asked, listener, stop)
  let failure: unknown
  const work = async (chunks: Iterable<Chunk>): Promise<void> => {
    try {
      for (const chunk of chunks) await asking.ask(chunk)
    } catch (error) {
      if (!failed.signal.aborted) failure = error
      failed.abort()
    }
  }
  await cancellable(signal, 'Sampling', () => asking.meet())
  const chunks = asking.chunks()
  // All have ended when this does, so that nothing is kept behind it.
  await Promise.all(Array.from({ length: asked.endpoint.concurrency }, () => work(chunks)))
  throwIfCancelled(signal, 'Sampling')
  if (failed.signal.aborted) throw failure
}

/** Answers to one prompt, by their numbers. */
interface Chunk {
  prompt: number
  indices: readonly number[]
}

/** A way to ask for answers, of which a server may refuse some. */
interface Way {
  /** Answers by one request at most. */
  most: number
  whatIsOff: boolean
}

/** Ways from the best on; the last is the one that every server knows. */
function waysToAsk({ sampling, maxTokens }: RequestSettings, program: ServerProgram | null): Way[] {
  const fitting = Math.max(1, Math.floor(MOST_TOKENS_PER_REPLY / maxTokens))
  // Servers draw nothing when they are greedy, and refuse to draw nothing several times.
  const most = sampling.temperature === 0 ? 1 : Math.min(MOST_PER_REQUEST, fitting)
  // Known programs take what is off; of another nobody knows.
  const tellings = program === null ? [true, false] : [true]
  const counts = most === 1 ? [1] : [most, 1]
  return tellings.flatMap((whatIsOff) => counts.map((count) => ({ most: count, whatIsOff })))
}

class Asking {
  private readonly client: EndpointClient
  private ways: readonly Way[] = []
  /** Among the ways; those before it were refused. */
  private place = 0
  private program: ServerProgram | null = null
  private readonly models = new Set<string>()
  private readonly fingerprints = new Set<string>()
  private server: string | null = null

  constructor(
    private readonly asked: AnswersToAsk,
    private readonly listener: AnswersListener,
    private readonly signal: AbortSignal
  ) {
    const { endpoint, apiKey, patience } = asked
    this.client = new EndpointClient(endpoint, {
      who: 'The endpoint',
      work: 'Sampling',
      later: 'Answers so far are kept where they go to a file or a project; go on later.',
      apiKey,
      patience,
      again: (why) => listener.again(why)
    })
  }

  private get way(): Way {
    return elementAt(this.ways, this.place, 'way to ask')
  }

  /** What is asked for by one request each, as far as requests may ask for several. */
  *chunks(): Generator<Chunk> {
    for (const [prompt, missing] of this.asked.missing.entries()) {
      for (let start = 0; start < missing.length;) {
        const indices = missing.slice(start, start + this.way.most)
        start += indices.length
        yield { prompt, indices }
      }
    }
  }

  /** Learns what the server is, and whether it lists the model, where it lists any. */
  async meet(): Promise<void> {
    const { model, anyModel, baseUrl } = this.asked.endpoint
    const { models, program } = await askServed(this.client, !anyModel, this.signal)
    this.program = program
    this.ways = waysToAsk(this.asked.settings, program)
    if (anyModel || models === null || models.includes(model)) return
    throw new WorkbenchError(
      'mismatch',
      `The endpoint at ${baseUrl} ${servesOthers(model, models)}.`,
      OTHER_MODEL_HINT
    )
  }

  /** Asks until all answers of a chunk are there. */
  async ask({ prompt, indices }: Chunk): Promise<void> {
    for (let done = 0; done < indices.length;) {
      throwIfCancelled(this.signal, 'Sampling')
      done += await this.take(prompt, indices.slice(done))
    }
  }

  /** @returns how many of the wanted answers came, from the first on; 0 when they have to be asked for in another way */
  private async take(prompt: number, missing: readonly number[]): Promise<number> {
    const { place, way } = this
    const wanted = missing.slice(0, way.most)
    let asked: { reply: Reply; server: string | null }
    try {
      asked = await this.request(prompt, wanted, way)
    } catch (error) {
      const isRefused = error instanceof EndpointRefusal && [400, 422].includes(error.status)
      const next = this.ways.findIndex(
        ({ most, whatIsOff }, other) => other > place && (whatIsOff !== way.whatIsOff || most < wanted.length)
      )
      if (!isRefused || next === -1) throw error
      // Perhaps it does not know this way. If that is not the reason, it refuses the last too, and says why.
      this.place = Math.max(this.place, next)
      return 0
    }
    const { reply, server } = asked
    await this.learn(reply, server)
    const answers = reply.answers.slice(0, wanted.length)
    if (answers.length < wanted.length) this.giveOne()
    await this.listener.keep(
      answers.map((answer, index) => ({
        prompt,
        index: elementAt(wanted, index, 'answer'),
        ...beforeStop(answer, this.asked.settings.stopTexts)
      })),
      reply.usage?.completion_tokens ?? null
    )
    return answers.length
  }

  /** The server gives one answer whatever `n` says. */
  private giveOne(): void {
    this.ways = this.ways.map((way) => ({ ...way, most: 1 }))
  }

  private request(
    prompt: number,
    wanted: readonly number[],
    { whatIsOff }: Way
  ): Promise<{ reply: Reply; server: string | null }> {
    const { endpoint, prompts, settings } = this.asked
    const n = wanted.length
    const first = elementAt(wanted, 0, 'answer')
    const answerBytes = Math.min(MOST_ANSWER_BYTES, settings.maxTokens * BYTES_PER_TOKEN)
    return this.client.ask(
      {
        path: PATHS[endpoint.through],
        body: requestBody(
          endpoint,
          elementAt(prompts, prompt, 'prompt'),
          settings,
          { place: prompt, first, n },
          { program: this.program, whatIsOff }
        ),
        name: NAMES[endpoint.through],
        schema: Replies[endpoint.through],
        maxBytes: REPLY_FRAME_BYTES + n * answerBytes
      },
      this.signal
    )
  }

  /** @throws WorkbenchError `mismatch` when the reply is another model's */
  private async learn({ model, system_fingerprint }: Reply, server: string | null): Promise<void> {
    requireNamedModel(this.asked.endpoint, model, 'The endpoint')
    const known = this.models.size + this.fingerprints.size
    if (typeof model === 'string') this.models.add(model)
    if (typeof system_fingerprint === 'string') this.fingerprints.add(system_fingerprint)
    const isFirst = known === 0 && this.server === null
    this.server ??= this.program ?? server
    if (!isFirst && this.models.size + this.fingerprints.size === known) return
    await this.listener.learned({
      models: [...this.models],
      fingerprints: [...this.fingerprints],
      server: this.server
    })
  }
}
