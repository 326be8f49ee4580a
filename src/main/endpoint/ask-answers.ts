import { z } from 'zod'
import { elementAt } from '../../contract/model/look-up'
import { type AnswerFinish, FILTERED_REASON, isCounted, type SampleLine } from '../../contract/documents/samples'
import type { Endpoint, ExternalRecord } from '../../contract/model/external-model'
import { mismatchError } from '../../contract/model/problem'
import { servesOthers } from '../../contract/words/served-models'
import { cancellable, throwIfCancelled } from '../base/files/cancelling'
import { EndpointClient, type EndpointPatience, EndpointRefusal, HARMLESS_WORDS } from './client'
import { inParallel } from './in-parallel'
import { OTHER_MODEL_HINT, requireNamedModel } from './named-model'
import { type EndpointPrompt, requestBody, type RequestSettings } from './request-body'
import { askServed, type ServerProgram } from './server-program'

const MAX_ANSWERS_PER_REQUEST = 16
/** Most tokens in one reply, unless a single answer may have more. */
const MAX_TOKENS_PER_REPLY = 65_536
/** Bytes of a token in JSON; no answer's average is larger. */
const BYTES_PER_TOKEN = 64
const REPLY_FRAME_BYTES = 1_000_000
/** Limit of one answer, as in stored lines. */
const MAX_ANSWER_BYTES = 2_000_000

/** Answers that an external model is to write. */
interface EndpointWork {
  endpoint: Endpoint
  apiKey: string | null
  patience?: EndpointPatience | undefined
  prompts: readonly EndpointPrompt[]
  settings: RequestSettings
  /** Indices of the missing answers of each prompt. */
  missing: readonly (readonly number[])[]
}

export interface EndpointAnswer extends Answer {
  prompt: number
  index: number
}

type Answer = Pick<SampleLine, 'text' | 'finish'>

interface EndpointListener {
  /** Stores answers when they arrive. @param counted their tokens as counted by the server; null without a count */
  keep(answers: EndpointAnswer[], counted: number | null): Promise<void>
  /** Receives new facts about the model. */
  onRecord(record: Omit<ExternalRecord, 'variant' | 'refused'>): Promise<void>
  /** Receives a prompt with refused or failed answers, before its empty answers are stored. */
  onRefusal(prompt: number, reason: string): Promise<void>
  onRepeat(why: string): void
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
    answers: choices.map(({ text, finish_reason }) => answerOf(text, finish_reason))
  })),
  chat: Frame.extend({
    choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }), finish_reason: finish })).min(1)
  }).transform(({ choices, ...frame }) => ({
    ...frame,
    // The content is null if the model has only thought.
    answers: choices.map(({ message, finish_reason }) => answerOf(message.content ?? '', finish_reason))
  }))
}
type Reply = z.infer<(typeof Replies)['chat']>

/** Cuts an answer at the first stop text, because a server may ignore stop texts. */
function beforeStop(answer: Answer, stopTexts: readonly string[]): Answer {
  const ends = stopTexts.map((stop) => answer.text.indexOf(stop)).filter((index) => index !== -1)
  return ends.length === 0 ? answer : { text: answer.text.slice(0, Math.min(...ends)), finish: 'stop' }
}

/** Reads an answer. A text that a filter of contents has cut is no answer of the model. */
function answerOf(text: string, reason: string | null | undefined): Answer {
  if (reason === FILTERED_REASON) return { text: '', finish: 'refused' }
  return { text, finish: reason === 'length' ? 'length' : 'stop' }
}

/** Matches the code of an error by a filter of contents, as Azure's. Any other error tells nothing of the model. */
const FILTERED_ERROR = new RegExp(`"code"\\s*:\\s*"${FILTERED_REASON}"`)

const PATHS = { completions: '/completions', chat: '/chat/completions' } as const
const NAMES = { completions: 'a completion', chat: 'a chat completion' } as const

/**
 * Requests answers from an endpoint, many at once. Each is passed on once, when it arrives. Unless any model is
 * accepted, the server's list of models and its replies must name the expected one. If there are several prompts, a
 * refused one gets empty answers, which are `failed` unless a filter of contents refused it.
 *
 * @throws WorkbenchError `mismatch` for another model
 */
export async function askAnswers(work: EndpointWork, listener: EndpointListener, signal: AbortSignal): Promise<void> {
  const requester = new AnswerRequester(work, listener)
  await cancellable(signal, 'Sampling', async () => {
    await requester.identifyServer(signal)
    await inParallel(requester.chunks(), work.endpoint.concurrency, signal, (chunk, stop) =>
      requester.requestChunk(chunk, stop)
    )
  })
  throwIfCancelled(signal, 'Sampling')
}

/** Some missing answers of one prompt. */
interface Chunk {
  prompt: number
  indices: readonly number[]
}

/** A form of requests that a server may support or refuse. */
interface RequestForm {
  /** Answers per request. */
  maxAnswers: number
  /** True to send also the sampler's fields that have no effect. */
  sendsNeutral: boolean
}

/** Lists the forms of a request, from the best one to the form that every server supports. */
function requestForms({ sampling, maxTokens }: RequestSettings, program: ServerProgram | null): RequestForm[] {
  const fitting = Math.max(1, Math.floor(MAX_TOKENS_PER_REPLY / maxTokens))
  // At temperature 0 all answers are equal, and servers refuse to give several.
  const limit = sampling.temperature === 0 ? 1 : Math.min(MAX_ANSWERS_PER_REQUEST, fitting)
  const counts = limit === 1 ? [1] : [limit, 1]
  // Known programs accept fields without effect. Other programs may refuse them.
  const sendings = program === null ? [true, false] : [true]
  return sendings.flatMap((sendsNeutral) => counts.map((maxAnswers) => ({ maxAnswers, sendsNeutral })))
}

class AnswerRequester {
  private readonly client: EndpointClient
  private forms: readonly RequestForm[] = []
  /** Index of the current form. The server has refused the earlier ones. */
  private formIndex = 0
  private program: ServerProgram | null = null
  private readonly models = new Set<string>()
  private readonly fingerprints = new Set<string>()
  private server: string | null = null
  /** How the answers to prompts end that are not sent again. */
  private readonly leftOut = new Map<number, AnswerFinish>()
  private readonly recordedRefusals = new Set<number>()

  constructor(
    private readonly work: EndpointWork,
    private readonly listener: EndpointListener
  ) {
    const { endpoint, apiKey, patience } = work
    this.client = new EndpointClient(endpoint, {
      who: 'The endpoint',
      work: 'Sampling',
      later: 'Answers so far are kept where they go to a file or a project; go on later.',
      apiKey,
      patience,
      onRepeat: (why) => listener.onRepeat(why)
    })
  }

  private get form(): RequestForm {
    return elementAt(this.forms, this.formIndex, 'form of a request')
  }

  /** Splits the missing answers into requests. */
  *chunks(): Generator<Chunk> {
    for (const [prompt, missing] of this.work.missing.entries()) {
      for (let start = 0; start < missing.length;) {
        const indices = missing.slice(start, start + this.form.maxAnswers)
        start += indices.length
        yield { prompt, indices }
      }
    }
  }

  async identifyServer(signal: AbortSignal): Promise<void> {
    const { model, anyModel, baseUrl } = this.work.endpoint
    const { models, program } = await askServed(this.client, !anyModel, signal)
    this.program = program
    this.forms = requestForms(this.work.settings, program)
    if (anyModel || models === null || models.includes(model)) return
    throw mismatchError(`The endpoint at ${baseUrl} ${servesOthers(model, models)}.`, OTHER_MODEL_HINT)
  }

  async requestChunk({ prompt, indices }: Chunk, signal: AbortSignal): Promise<void> {
    const { formIndex } = this
    let done = 0
    try {
      while (done < indices.length && !this.leftOut.has(prompt)) {
        throwIfCancelled(signal, 'Sampling')
        done += await this.requestOnce(prompt, indices.slice(done), signal)
      }
    } catch (error) {
      if (!(error instanceof EndpointRefusal && error.mayBeOfBody)) throw error
      await this.leaveOut(prompt, error, signal)
      // The form was not the cause.
      this.formIndex = formIndex
    }
    const finish = this.leftOut.get(prompt)
    if (finish === undefined) return
    const missing = indices.slice(done).map((index) => ({ prompt, index, text: '', finish }))
    if (missing.length > 0) await this.listener.keep(missing, null)
  }

  /** Goes on without a prompt. @throws the refusal if there is no other prompt, or the endpoint refuses any prompt */
  private async leaveOut(prompt: number, refusal: EndpointRefusal, signal: AbortSignal): Promise<void> {
    if (this.work.prompts.length === 1) throw refusal
    const harmless = { turns: [{ role: 'user' as const, content: HARMLESS_WORDS }], rendered: HARMLESS_WORDS }
    try {
      await this.request(harmless, { promptIndex: prompt, first: 0, n: 1 }, this.form, signal)
    } catch (error) {
      throw error instanceof EndpointRefusal ? refusal : error
    }
    this.leftOut.set(prompt, FILTERED_ERROR.test(refusal.text) ? 'refused' : 'failed')
    await this.recordRefusal(prompt, `HTTP ${refusal.status}: ${refusal.text.trim()}`)
  }

  /** Records a prompt with refused or failed answers once. */
  private async recordRefusal(prompt: number, reason: string): Promise<void> {
    if (this.recordedRefusals.has(prompt)) return
    this.recordedRefusals.add(prompt)
    await this.listener.onRefusal(prompt, reason)
  }

  /** Sends one request. @returns the number of answers that arrived; 0 if another form must be tried */
  private async requestOnce(prompt: number, missing: readonly number[], signal: AbortSignal): Promise<number> {
    const { formIndex, form } = this
    const requested = missing.slice(0, form.maxAnswers)
    let response: { reply: Reply; server: string | null }
    try {
      const draws = { promptIndex: prompt, first: elementAt(requested, 0, 'answer'), n: requested.length }
      response = await this.request(elementAt(this.work.prompts, prompt, 'prompt'), draws, form, signal)
    } catch (error) {
      const isRefused = error instanceof EndpointRefusal && error.mayBeOfBody
      // Forms with the same effect on this request are skipped.
      const next = this.forms.findIndex(
        ({ maxAnswers, sendsNeutral }, other) =>
          other > formIndex && (sendsNeutral !== form.sendsNeutral || maxAnswers < requested.length)
      )
      if (!isRefused || next === -1) throw error
      // The server may not support this form. If the cause is another, it also refuses the last form with a
      // reason.
      this.formIndex = Math.max(this.formIndex, next)
      return 0
    }
    const { reply, server } = response
    await this.recordFacts(reply, server)
    const answers = reply.answers.slice(0, requested.length)
    if (answers.length < requested.length) this.requestSingly()
    if (!answers.every(isCounted)) await this.recordRefusal(prompt, `finish_reason ${FILTERED_REASON}`)
    await this.listener.keep(
      answers.map((answer, index) => ({
        prompt,
        index: elementAt(requested, index, 'answer'),
        ...beforeStop(answer, this.work.settings.stopTexts)
      })),
      reply.usage?.completion_tokens ?? null
    )
    return answers.length
  }

  /** Requests one answer at a time from now on, because the server ignores the field `n`. */
  private requestSingly(): void {
    this.forms = this.forms.map((form) => ({ ...form, maxAnswers: 1 }))
  }

  private request(
    prompt: EndpointPrompt,
    draws: { promptIndex: number; first: number; n: number },
    { sendsNeutral }: RequestForm,
    signal: AbortSignal
  ): Promise<{ reply: Reply; server: string | null }> {
    const { endpoint, settings } = this.work
    const answerBytes = Math.min(MAX_ANSWER_BYTES, settings.maxTokens * BYTES_PER_TOKEN)
    return this.client.ask(
      {
        path: PATHS[endpoint.through],
        body: requestBody(endpoint, prompt, settings, draws, { program: this.program, sendsNeutral }),
        name: NAMES[endpoint.through],
        schema: Replies[endpoint.through],
        maxBytes: REPLY_FRAME_BYTES + draws.n * answerBytes
      },
      signal
    )
  }

  /** Records facts of a reply. @throws WorkbenchError `mismatch` if another model answered */
  private async recordFacts({ model, system_fingerprint }: Reply, server: string | null): Promise<void> {
    requireNamedModel(this.work.endpoint, model, 'The endpoint')
    const knownCount = this.models.size + this.fingerprints.size
    if (typeof model === 'string') this.models.add(model)
    if (typeof system_fingerprint === 'string') this.fingerprints.add(system_fingerprint)
    const isFirst = knownCount === 0 && this.server === null
    this.server ??= this.program ?? server
    if (!isFirst && this.models.size + this.fingerprints.size === knownCount) return
    await this.listener.onRecord({
      models: [...this.models],
      fingerprints: [...this.fingerprints],
      server: this.server
    })
  }
}
