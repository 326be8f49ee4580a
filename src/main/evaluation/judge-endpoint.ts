import { setTimeout as sleep } from 'node:timers/promises'
import PQueue from 'p-queue'
import pRetry from 'p-retry'
import { z } from 'zod'
import type { JudgeSettings } from '../../contract/documents/judge'
import { WorkbenchError } from '../../contract/model/problem'
import { errorMessage } from '../base/files/bounded-file'
import { throwIfCancelled } from '../base/cancelling'

/** How long things may take; tests have less patience. */
export interface JudgePatience {
  /** For one reply: local models may think for long. */
  timeoutMs: number
  /** Before the first repetition; doubled for each after it. */
  firstPauseMs: number
}
const PATIENCE: JudgePatience = { timeoutMs: 180_000, firstPauseMs: 1_000 }

const RETRIES = 5
const MOST_PAUSE_MS = 60_000
const MAX_REPLY_BYTES = 4_000_000

/** A failure that may pass. */
class PassingFailure extends Error {
  constructor(
    message: string,
    /** What the endpoint asked for. */
    readonly pauseMs: number
  ) {
    super(message)
  }
}

const Reply = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }) })).min(1)
})

/** A chat endpoint that is asked no faster than the settings say, repetitions included. */
export class JudgeEndpoint {
  private readonly queue: PQueue
  private readonly url: string

  constructor(
    private readonly settings: JudgeSettings,
    private readonly apiKey: string | null,
    private readonly patience: JudgePatience = PATIENCE
  ) {
    this.url = `${settings.baseUrl.replace(/\/+$/, '')}/chat/completions`
    this.queue = new PQueue({ interval: 60_000 / settings.requestsPerMinute, intervalCap: 1 })
  }

  /**
   * Asks for one reply. What may pass (429, 5xx, no connection, no reply in time) is asked again up to five times, after
   * growing pauses or as long as the endpoint asks for.
   *
   * @returns the reply's text; null when it has none
   * @throws WorkbenchError `bad-input` when the endpoint refuses, stays out of reach or sends something else than a reply; the
   *   signal's reason when it fires
   */
  async ask(system: string, user: string, signal: AbortSignal): Promise<string | null> {
    const body = JSON.stringify({
      model: this.settings.model,
      temperature: 0,
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: user }
      ]
    })
    try {
      return await pRetry(() => this.queue.add(() => this.attempt(body, signal), { signal }), {
        retries: RETRIES,
        minTimeout: this.patience.firstPauseMs,
        maxTimeout: MOST_PAUSE_MS,
        randomize: true,
        signal,
        shouldRetry: ({ error }) => error instanceof PassingFailure,
        onFailedAttempt: async ({ error }) => {
          if (error instanceof PassingFailure && error.pauseMs > 0)
            await sleep(error.pauseMs, undefined, { signal })
        }
      })
    } catch (error) {
      throwIfCancelled(signal, 'Judging')
      if (!(error instanceof PassingFailure)) throw error
      throw this.problem(
        `${error.message}, ${RETRIES + 1} times in a row`,
        'Verdicts so far are kept; judge again later.'
      )
    }
  }

  private async attempt(body: string, signal: AbortSignal): Promise<string | null> {
    const timeout = AbortSignal.timeout(this.patience.timeoutMs)
    let response: Response
    let text: string
    try {
      response = await fetch(this.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(this.apiKey === null ? {} : { authorization: `Bearer ${this.apiKey}` })
        },
        body,
        // Elsewhere is not where the user agreed to send text.
        redirect: 'error',
        signal: AbortSignal.any([signal, timeout])
      })
      text = await boundedText(response)
    } catch (error) {
      throwIfCancelled(signal, 'Judging')
      if (error instanceof WorkbenchError) throw error
      const why = timeout.aborted
        ? `did not reply within ${this.patience.timeoutMs / 1000} s`
        : reachProblem(error)
      throw new PassingFailure(why, 0)
    }
    if (!response.ok) throw this.refusal(response, text)
    const reply = Reply.safeParse(parsedJson(text))
    if (reply.success) return reply.data.choices[0]?.message.content ?? null
    throw this.problem(
      'sent something else than a chat completion',
      'Does the address end where /chat/completions begins?'
    )
  }

  private refusal(response: Response, text: string): Error {
    const { status } = response
    const said = text.trim() === '' ? '' : `: ${text.trim().slice(0, 300)}`
    if (status === 429 || status >= 500) {
      return new PassingFailure(`answered ${status}${said}`, pauseMs(response.headers.get('retry-after')))
    }
    if (status === 401 || status === 403) {
      return this.problem(`refused the key (${status})${said}`, 'Give an API key that it knows.')
    }
    return this.problem(
      `refused the request (${status})${said}`,
      'Check the address and the name of the model.'
    )
  }

  private problem(what: string, hint: string): WorkbenchError {
    return new WorkbenchError('bad-input', `The judge at ${this.url} ${what}.`, hint)
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** An endpoint may send without end. */
async function boundedText(response: Response): Promise<string> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  let byteCount = 0
  for await (const chunk of response.body) {
    byteCount += chunk.byteLength
    if (byteCount > MAX_REPLY_BYTES) {
      throw new WorkbenchError('bad-input', `The judge's reply has more than ${MAX_REPLY_BYTES} bytes.`)
    }
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** Seconds or a date. */
function pauseMs(retryAfter: string | null): number {
  if (retryAfter === null) return 0
  const asked = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now()
  return Number.isFinite(asked) ? Math.min(MOST_PAUSE_MS, Math.max(0, asked)) : 0
}

/** fetch says "fetch failed" and keeps the reason to itself. */
function reachProblem(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
  return `cannot be reached: ${errorMessage(cause)}${code}`
}
