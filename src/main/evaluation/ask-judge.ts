import { setMaxListeners } from 'node:events'
import { createHash } from 'node:crypto'
import type { EvaluationRun } from '../../contract/documents/evaluation'
import { type JudgeProgress, type JudgeSettings, MAX_KEPT_REPLY } from '../../contract/documents/judge'
import type { SampleLine } from '../../contract/documents/samples'
import { multimap } from '../../contract/model/multimap'
import { throwIfCancelled } from '../base/files/cancelling'
import type { EndpointPatience } from '../endpoint/client'
import { JudgeEndpoint } from './judge-endpoint'

/** A judge's reply to one question, as it is stored. */
export interface StoredVerdict {
  readonly key: string
  /** Address of the endpoint that replied. */
  readonly baseUrl?: string | undefined
  readonly reply?: string | undefined
  readonly model?: string | undefined
}

/** Questions for a judge, who it is, and what it has said before. */
export interface Questions<Question extends { key: string }, Verdict extends StoredVerdict, Meant> {
  readonly questions: readonly Question[]
  /** Verdicts that are stored: nothing is asked twice. */
  readonly known: readonly Verdict[]
  readonly settings: JudgeSettings
  /** null when the endpoint needs none */
  readonly apiKey: string | null
  /** Left out: as patient as `EndpointClient` is by itself. */
  readonly patience?: EndpointPatience
  /** What the judge is told before every question. */
  readonly system: string
  wordsOf(question: Question): string
  /** What a reply means; null where it cannot be read. */
  read(reply: string): Meant | null
  /** @param meant null when there was no reply, or none that can be read */
  verdict(key: string, meant: Meant | null): Verdict
  meant(verdict: Verdict): Meant | null
}

/** A run's answers that a judge is asked about, who it is, and what it has said before. */
export interface RunToJudge<Question extends { key: string }, Verdict extends StoredVerdict> extends Pick<
  Questions<Question, Verdict, unknown>,
  'known' | 'settings' | 'apiKey' | 'patience'
> {
  readonly run: EvaluationRun
  readonly samples: readonly SampleLine[]
}

export interface JudgeListener<Verdict> {
  /** Gets each verdict at once, to store it. When it rejects, so does the judging. */
  keep(verdict: Verdict): Promise<void>
  progress(progress: JudgeProgress): void
}

/**
 * Asks a judge what has no verdict yet, several at once.
 *
 * @throws WorkbenchError `cancelled` when `signal` fires; `bad-input` when the endpoint cannot be used. Verdicts until then
 *   have been kept.
 */
export async function askJudge<Question extends { key: string }, Verdict extends StoredVerdict, Meant>(
  asked: Questions<Question, Verdict, Meant>,
  listener: JudgeListener<Verdict>,
  signal: AbortSignal
): Promise<void> {
  const { questions, settings } = asked
  const verdicts = new Map(verdictsOfEndpoint(asked.known, settings).map((verdict) => [verdict.key, verdict]))
  const reused = questions.flatMap(({ key }) => verdicts.get(key) ?? [])
  let done = reused.length
  let unreadable = reused.filter((verdict) => asked.meant(verdict) === null).length
  const tell = (trouble?: string): void => {
    const counts = { done, total: questions.length, unreadable }
    listener.progress({ ...counts, ...(trouble === undefined ? {} : { trouble }) })
  }
  const endpoint = new JudgeEndpoint(settings, asked.apiKey, tell, asked.patience)
  // The first failure stops the questions that wait.
  const failed = new AbortController()
  const stop = AbortSignal.any([signal, failed.signal])
  // As many as there are requests under way, which is no leak.
  setMaxListeners(0, stop)
  const judge = async (question: Question): Promise<void> => {
    const { text, otherModel } = await endpoint.ask(asked.system, asked.wordsOf(question), stop)
    const meant = text === null ? null : asked.read(text)
    const verdict = {
      ...asked.verdict(question.key, meant),
      baseUrl: settings.baseUrl,
      ...(meant === null ? { reply: beginningOf(text ?? '') } : {}),
      ...(otherModel === null ? {} : { model: otherModel })
    }
    await listener.keep(verdict)
    done += 1
    if (meant === null) unreadable += 1
    tell()
  }
  const waiting = questions.filter(({ key }) => !verdicts.has(key)).values()
  const work = async (): Promise<void> => {
    for (const question of waiting) await judge(question)
  }
  tell()
  try {
    await Promise.all(Array.from({ length: settings.concurrency }, work))
  } catch (error) {
    failed.abort()
    throwIfCancelled(signal, 'Judging')
    throw error
  }
}

const beginningOf = (reply: string): string => {
  const whole = reply.trim()
  if (whole.length <= MAX_KEPT_REPLY) return whole
  // No half of a character at the cut.
  return `${whole.slice(0, MAX_KEPT_REPLY - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}

/** The stored verdicts that came from the endpoint of these settings: another server may serve another model under the same name. */
export function verdictsOfEndpoint<Verdict extends StoredVerdict>(
  verdicts: readonly Verdict[],
  { baseUrl }: Pick<JudgeSettings, 'baseUrl'>
): Verdict[] {
  const address = withoutLastSlash(baseUrl)
  return verdicts.filter(
    (verdict) => verdict.baseUrl !== undefined && withoutLastSlash(verdict.baseUrl) === address
  )
}

const withoutLastSlash = (baseUrl: string): string => baseUrl.replace(/\/+$/, '')

/** Names a question among all that are stored: the same for whatever asks the same in the same words. */
export function questionKey(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** A task and one answer to it, as a judge is shown them. */
export function answerWords({ prompt, answer }: { prompt: string; answer: string }): string {
  return `<task>\n${prompt}\n</task>\n\n<answer>\n${answer}\n</answer>`
}

/** The answers of each variant to each prompt, in their order. */
export function cellsOf(samples: readonly SampleLine[]): Map<string, SampleLine[]> {
  const ordered = samples.toSorted((a, b) => a.index - b.index)
  return multimap(ordered.map((sample) => [cellOf(sample.variant, sample.prompt), sample]))
}

export const cellOf = (variant: string, prompt: number): string => JSON.stringify([variant, prompt])
