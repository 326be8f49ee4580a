import { createHash } from 'node:crypto'
import PQueue from 'p-queue'
import { z } from 'zod'
import type { EvaluationRun } from '../../contract/documents/evaluation'
import { type JudgeProgress, type JudgeSettings, MAX_KEPT_REPLY } from '../../contract/documents/judge'
import { isCounted, type SampleLine } from '../../contract/documents/samples'
import { multimap } from '../../contract/model/multimap'
import { cancellable } from '../base/files/cancelling'
import { EndpointClient, type EndpointPatience, EndpointRefusal, HARMLESS_WORDS } from '../endpoint/client'
import { inParallel } from '../endpoint/in-parallel'
import { requireNamedModel } from '../endpoint/named-model'

/** Fields that all kinds of verdicts share. */
export interface StoredVerdict {
  /** Hash of the question, see {@link questionKey}. */
  readonly key: string
  /** Address of the endpoint that replied. */
  readonly baseUrl?: string | undefined
  /** Start of an unreadable reply. */
  readonly reply?: string | undefined
  /** Name of the model that replied, if it is not the requested name. */
  readonly model?: string | undefined
}

/** One way of judging (scores, pairs or forms): how questions are written, and how replies become verdicts. */
export interface Questioning<Question extends { key: string }, Verdict extends StoredVerdict> {
  /** Lists the questions on a run's answers, without duplicates. */
  questionsOf(run: EvaluationRun, samples: readonly SampleLine[], settings: JudgeSettings): Question[]
  /** Writes the system turn of every question. */
  system(settings: JudgeSettings): string
  /** Writes the user turn of a question. */
  wordsOf(question: Question): string
  verdict(key: string, reply: string): Verdict
  isReadable(verdict: Verdict): boolean
}

interface RunToJudge<Verdict extends StoredVerdict> {
  readonly run: EvaluationRun
  readonly samples: readonly SampleLine[]
  /** Stored verdicts, whose questions are not asked again. */
  readonly storedVerdicts: readonly Verdict[]
  readonly settings: JudgeSettings
  readonly apiKey: string | null
  /** How long the client waits and retries; the default of `EndpointClient` if omitted. */
  readonly patience?: EndpointPatience
}

interface JudgeListener<Verdict> {
  /** Stores each verdict when it arrives. A rejection ends the judging. */
  keep(verdict: Verdict): Promise<void>
  progress(progress: JudgeProgress): void
}

/** Asks a judge those questions on a run's answers that have no stored verdict, several at once. */
export async function askJudge<Question extends { key: string }, Verdict extends StoredVerdict>(
  way: Questioning<Question, Verdict>,
  { run, samples, storedVerdicts, settings, apiKey, patience }: RunToJudge<Verdict>,
  listener: JudgeListener<Verdict>,
  signal: AbortSignal
): Promise<void> {
  const questions = way.questionsOf(run, samples, settings)
  const system = way.system(settings)
  const verdicts = verdictsByKey(storedVerdicts, settings)
  const reused = questions.flatMap(({ key }) => verdicts.get(key) ?? [])
  let done = reused.length
  let unreadable = reused.filter((verdict) => !way.isReadable(verdict)).length
  const report = (trouble?: string): void =>
    listener.progress({ done, total: questions.length, unreadable, ...(trouble !== undefined && { trouble }) })
  const endpoint = new JudgeEndpoint(settings, apiKey, report, patience)
  const judge = async (question: Question, stop: AbortSignal): Promise<void> => {
    const { text, otherModel, refusal } = await endpoint.askUnlessRefused(system, way.wordsOf(question), stop)
    const verdict = way.verdict(question.key, text)
    const isReadable = way.isReadable(verdict)
    await listener.keep({
      ...verdict,
      baseUrl: settings.baseUrl,
      ...(isReadable ? {} : { reply: beginningOf(refusal ?? text) }),
      ...(otherModel === null ? {} : { model: otherModel })
    })
    done += 1
    if (!isReadable) unreadable += 1
    report()
  }
  report()
  const pending = questions.filter(({ key }) => !verdicts.has(key))
  await cancellable(signal, 'Judging', () => inParallel(pending, settings.concurrency, signal, judge))
}

const beginningOf = (reply: string): string => {
  const whole = reply.trim()
  if (whole.length <= MAX_KEPT_REPLY) return whole
  // Avoids half a character at the cut.
  return `${whole.slice(0, MAX_KEPT_REPLY - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}

/**
 * Returns the stored verdicts of one endpoint by their keys. Verdicts of other endpoints are left out, because they may
 * serve another model under the same name.
 */
export function verdictsByKey<Verdict extends StoredVerdict>(
  verdicts: readonly Verdict[],
  { baseUrl }: Pick<JudgeSettings, 'baseUrl'>
): Map<string, Verdict> {
  const address = withoutLastSlash(baseUrl)
  return new Map(
    verdicts
      .filter((verdict) => verdict.baseUrl !== undefined && withoutLastSlash(verdict.baseUrl) === address)
      .map((verdict) => [verdict.key, verdict])
  )
}

const withoutLastSlash = (baseUrl: string): string => baseUrl.replace(/\/+$/, '')

/** Hashes the parts of a question. Equal questions have equal keys, so that none is asked twice. */
export function questionKey(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** Writes a question on one answer, with tags that separate the task from the answer. */
export function answerWords({ prompt, answer }: { prompt: string; answer: string }): string {
  return `<task>\n${prompt}\n</task>\n\n<answer>\n${answer}\n</answer>`
}

/** Groups answers by cell, without refused ones. A cell has the answers of one variant to one prompt, by index. */
export function cellsOf(samples: readonly SampleLine[]): Map<string, SampleLine[]> {
  const ordered = samples.filter(isCounted).sort((a, b) => a.index - b.index)
  return multimap(ordered.map((sample) => [cellOf(sample.variant, sample.prompt), sample]))
}

/** Returns the key of a cell in {@link cellsOf}. */
export const cellOf = (variant: string, prompt: number): string => JSON.stringify([variant, prompt])

const MAX_REPLY_BYTES = 4_000_000

const Reply = z.object({
  model: z.string().nullish(),
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }) })).min(1)
})

/** Name of the endpoint in errors. */
const WHO = 'The judge'

interface JudgeReply {
  readonly text: string
  /** Name of the model that replied, as the server states it; null if it is the requested name. */
  readonly otherModel: string | null
  /** The endpoint's refusal of this question; null if it replied. */
  readonly refusal: string | null
}

/** Sends questions to the judge's endpoint, not faster than the settings allow. */
class JudgeEndpoint {
  private readonly client: EndpointClient

  constructor(
    private readonly settings: JudgeSettings,
    apiKey: string | null,
    onRepeat: (why: string) => void,
    patience: EndpointPatience | undefined
  ) {
    const queue = new PQueue({ interval: 60_000 / settings.requestsPerMinute, intervalCap: 1 })
    this.client = new EndpointClient(settings, {
      who: WHO,
      work: 'Judging',
      later: 'Start it, or check its address; then judge again.',
      apiKey,
      onRepeat,
      patience,
      pace: (request, signal) => queue.add(request, { signal })
    })
  }

  /**
   * Requests one reply. A question that a filter of contents refuses, or that is too long, has a refusal instead. An
   * endpoint that also refuses a harmless question fails.
   *
   * @throws WorkbenchError as `EndpointClient.ask` and `requireNamedModel`
   */
  async askUnlessRefused(system: string, user: string, signal: AbortSignal): Promise<JudgeReply> {
    try {
      return await this.ask(system, user, signal)
    } catch (error) {
      if (!(error instanceof EndpointRefusal && error.mayBeOfBody)) throw error
      await this.ask(system, HARMLESS_WORDS, signal)
      return { text: '', otherModel: null, refusal: `refused (${error.status}): ${error.text}` }
    }
  }

  private async ask(system: string, user: string, signal: AbortSignal): Promise<JudgeReply> {
    const { reply } = await this.client.ask(
      {
        path: '/chat/completions',
        body: {
          model: this.settings.model,
          temperature: 0,
          messages: [
            { role: 'system', content: system },
            { role: 'user', content: user }
          ]
        },
        name: 'a chat completion',
        schema: Reply,
        maxBytes: MAX_REPLY_BYTES
      },
      signal
    )
    const { model } = reply
    requireNamedModel(this.settings, model, WHO)
    return {
      text: reply.choices[0]?.message.content ?? '',
      otherModel: typeof model === 'string' && model !== this.settings.model ? model : null,
      refusal: null
    }
  }
}
