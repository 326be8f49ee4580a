import { setImmediate as nextTurn } from 'node:timers/promises'
import { formatCount, plural } from '../../../contract/words/format'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { multimap } from '../../../contract/model/multimap'
import type { ServedEvent, ServedModels, ServedRequest, TokenLogprob } from '../../../contract/procedures/served-models'
import { inputError } from '../../../contract/model/problem'
import { type LocalTextModel, loadTextModel } from '../../text/text-model'
import { postTextFolder } from '../../checkpoint/model-folder'
import { allFinite } from '../../checkpoint/non-finite'
import { choosePrecision } from '../forward/choose-precision'
import { openRun, type OpenRun } from '../forward/open-run'
import { joinRows, rowAt } from '../rows/rows'
import { tokenLogprob } from '../rows/token-logprob'
import { buildRecipeTrie, originOf, type RecipeTrie } from '../tries/recipe-trie'
import { findSharing } from '../weights/sharing'
import type { AnswerRow, RowToken } from './decoder'
import { drawnModels, logitsToDraw } from './drawn-models'
import { widthOf } from './generate'
import { cacheCapacity, planServing, type ServingPlan } from './generation-plan'
import { openDecoding, type Decoding } from './open-decoding'
import type { Prefilled } from './prefill'
import { RUN_ROWS } from './resident-head'
import { stopTextIn, type StopText } from './stop-text'

/** A request of a client, and the events that it waits for. */
class Arrival {
  waiting: AnswerRow[] = []
  /** Number of likeliest tokens to report with the prompt's tokens. Null once they are reported, or for none. */
  promptTop: number | null
  /** True if the client has left, so that nobody waits for the remaining tokens. */
  hasLeft = false
  private events: ServedEvent[] = []
  private failure: unknown = null
  private unfinished: number
  private wake = (): void => undefined

  constructor(readonly request: ServedRequest) {
    this.unfinished = request.answerCount
    this.promptTop = request.promptLogprobs
  }

  add(event: ServedEvent): void {
    if (event.type === 'answer') this.unfinished--
    this.events.push(event)
    this.wake()
  }

  fail(error: unknown): void {
    this.failure ??= error
    this.wake()
  }

  leave(): void {
    this.hasLeft = true
    this.wake()
  }

  get isOver(): boolean {
    return this.hasLeft || this.failure !== null || this.unfinished === 0
  }

  /** Yields the events until all answers are complete, or until the client leaves. */
  async *stream(): AsyncGenerator<ServedEvent> {
    for (;;) {
      yield* this.events.splice(0)
      if (this.failure !== null) throw this.failure
      if (this.hasLeft || (this.unfinished === 0 && this.events.length === 0)) return
      if (this.events.length === 0) await new Promise<void>((resolve) => (this.wake = resolve))
    }
  }
}

/** Answers requests with models that stay in memory. The rows of all requests, one for each answer, run together. */
class ServedAnswers {
  private readonly arrivals = new Map<string, Arrival>()
  private readonly arrivalOf = new Map<AnswerRow, Arrival>()
  private running: Promise<void> | null = null
  private text: Promise<LocalTextModel> | null = null

  constructor(
    readonly plan: ServingPlan,
    private readonly run: OpenRun,
    private readonly trie: RecipeTrie,
    private readonly decoding: Decoding,
    private readonly discard: () => void
  ) {}

  /** Answers a request. @throws WorkbenchError `bad-input` for a prompt without room for an answer */
  async *answer(request: ServedRequest): AsyncGenerator<ServedEvent> {
    this.refuseLongPrompt(request)
    const stopText = await this.stopTextOf(request)
    const arrival = new Arrival(request)
    const { model, prompt, seed, sampling, logitBias, topLogprobs } = request
    const settings = {
      ...{ seed, sampling, stopText, maxTokens: request.maxTokens },
      ...(logitBias.length === 0 ? {} : { logitBias }),
      ...(topLogprobs === null ? {} : { topLogprobs })
    }
    for (let index = 0; index < request.answerCount; index++) {
      const row = this.decoding.decoder.rowOf({ model, prompt: 0, index }, prompt, settings)
      arrival.waiting.push(row)
      this.arrivalOf.set(row, arrival)
    }
    this.arrivals.set(request.id, arrival)
    this.running ??= this.work()
    try {
      yield* arrival.stream()
    } finally {
      arrival.leave()
    }
  }

  /** Ends a request whose client has left. Its rows are freed before the next step. */
  leave(id: string): void {
    this.arrivals.get(id)?.leave()
  }

  async close(): Promise<void> {
    for (const arrival of this.arrivals.values()) arrival.leave()
    await this.running
    await this.run.close()
  }

  /** Works until no request is left. A failed step leaves the runner in an unknown state, so it ends everything. */
  private async work(): Promise<void> {
    try {
      do {
        // Inference blocks the thread. Yield, so that requests can arrive and end.
        await nextTurn()
        await this.removeLeft()
        const isFirst = this.decoding.decoder.active.length === 0
        const isAdmitting = await this.admitWaiting()
        // Requests that arrived during a first admission join its first step.
        if (isFirst && isAdmitting) continue
        if (this.decoding.decoder.active.length > 0) this.deliver(await this.decoding.decoder.step())
      } while (this.arrivals.size > 0)
    } catch (error) {
      for (const arrival of this.arrivals.values()) arrival.fail(error)
      this.arrivals.clear()
      this.discard()
      await this.run.close()
    } finally {
      this.running = null
    }
  }

  private async removeLeft(): Promise<void> {
    for (const [id, arrival] of this.arrivals) if (arrival.isOver) this.arrivals.delete(id)
    const left = [...this.arrivalOf].flatMap(([row, { isOver }]) => (isOver || row.hasEnded ? [row] : []))
    for (const row of left) this.arrivalOf.delete(row)
    await this.decoding.decoder.remove(left)
  }

  /** Begins the waiting answers for which there is room. @returns true if there were any */
  private async admitWaiting(): Promise<boolean> {
    const rows = this.nextRows()
    for (const group of this.groupsOf(rows)) {
      try {
        await this.admit(group)
      } catch (error) {
        for (const row of group) mapGet(this.arrivalOf, row, 'row').fail(error)
      }
    }
    return rows.length > 0
  }

  /** Takes the longest-waiting rows that fit beside the running ones, within the length of the longest sequence. */
  private nextRows(): AnswerRow[] {
    const { rows: maxRows, cacheTokens, maximumLength } = this.plan
    const running = this.decoding.decoder.active
    let partCount = running.reduce((sum, { drawn }) => sum + drawn.parts.length, 0)
    let longest = Math.max(0, ...running.map((row) => this.lengthOf(row)))
    let promptTokens = 0
    const chosen: AnswerRow[] = []
    for (const arrival of this.arrivals.values()) {
      if (arrival.waiting.length > 0) promptTokens += arrival.request.prompt.length
      while (arrival.waiting.length > 0) {
        const row = elementAt(arrival.waiting, 0, 'row')
        const length = Math.max(longest, this.lengthOf(row))
        const partsOfRow = row.drawn.parts.length
        const count = partCount + partsOfRow
        const places = count * cacheCapacity(length, this.run.device.keepsTensors)
        const fits = count <= maxRows && places <= cacheTokens && promptTokens <= maximumLength
        if (count > partsOfRow && !fits) return chosen
        ;[longest, partCount] = [length, count]
        chosen.push(row)
        arrival.waiting.shift()
      }
    }
    return chosen
  }

  private lengthOf({ prompt, settings }: AnswerRow): number {
    return Math.min(prompt.length + settings.maxTokens, this.plan.maximumLength)
  }

  /** Groups rows whose prompts the same models compute, because one pass runs all its models on all its prompts. */
  private groupsOf(rows: readonly AnswerRow[]): AnswerRow[][] {
    const byPrompt = multimap(rows.map((row) => [row.prompt.join(), row] as const))
    const byModels = multimap([...byPrompt.values()].map((ofPrompt) => [partsOf(ofPrompt).join(), ofPrompt] as const))
    return [...byModels.values()].map((groups) => groups.flat())
  }

  /** Computes the prompts of new rows, draws their first tokens and reports the prompts' log-probabilities. */
  private async admit(rows: readonly AnswerRow[]): Promise<void> {
    const arrivals = [...new Set(rows.map((row) => mapGet(this.arrivalOf, row, 'row')))]
    const reading = arrivals.filter(({ promptTop }) => promptTop !== null)
    const prefilled = await this.decoding.prefill({
      models: partsOf(rows),
      prompts: arrivals.map(({ request }) => request.prompt),
      everyState: reading.length > 0
    })
    try {
      for (const arrival of reading) {
        const row = elementAt(
          rows.filter((each) => this.arrivalOf.get(each) === arrival),
          0,
          'row'
        )
        if (arrival.promptTop === null) continue
        const logprobs = await this.promptLogprobs(row, arrival.promptTop, prefilled)
        arrival.promptTop = null
        arrival.add({ type: 'prompt', logprobs })
      }
      const drawing = rows.filter(({ settings }) => settings.maxTokens > 0)
      this.deliver(await this.decoding.decoder.admit(drawing, prefilled))
      for (const row of rows) {
        if (drawing.includes(row)) continue
        const { index } = row.key
        mapGet(this.arrivalOf, row, 'row').add({ type: 'answer', index, tokens: [], finish: 'length' })
      }
    } finally {
      prefilled.dispose()
    }
  }

  /** Computes the log-probability of every token of a prompt after the first. */
  private async promptLogprobs(row: AnswerRow, topCount: number, prefilled: Prefilled): Promise<TokenLogprob[]> {
    const { prompt } = row
    const { finalRowSize } = this.run.pair.post.spec
    const path = prefilled.pathOf(prompt)
    const logprobs: TokenLogprob[] = []
    for (let first = 0; first < prompt.length - 1; first += RUN_ROWS) {
      const count = Math.min(RUN_ROWS, prompt.length - 1 - first)
      const ofParts: Float32Array[] = []
      for (const model of row.drawn.parts) {
        const states = prefilled.statesOf(model)
        if (states === null) throw new Error('the pass over the prompts kept no states')
        const taken = Array.from(path.subarray(first, first + count), (packedRow) =>
          rowAt(states, packedRow, finalRowSize)
        )
        const head = mapGet(this.decoding.heads, originOf(this.trie, model), 'head')
        ofParts.push(await head.logits(joinRows(taken)))
      }
      for (let i = 0; i < count; i++) {
        const logits = logitsToDraw(
          row.drawn,
          ofParts.map((part) => rowAt(part, i, part.length / count))
        )
        if (!allFinite(logits) && row.drawn.mixed === null) throw new Error('a logit of the prompt is not finite')
        logprobs.push(tokenLogprob(logits, elementAt(prompt, first + i + 1, 'token'), topCount))
      }
    }
    return logprobs
  }

  private deliver(rowTokens: readonly RowToken[]): void {
    const byArrival = multimap(
      rowTokens.map((rowToken) => [mapGet(this.arrivalOf, rowToken.row, 'row'), rowToken] as const)
    )
    for (const [arrival, ofArrival] of byArrival) {
      const tokens = ofArrival.flatMap(({ row, token, logprob }) =>
        token === null && logprob === null ? [] : [{ index: row.key.index, token, logprob }]
      )
      if (tokens.length > 0) arrival.add({ type: 'tokens', tokens })
      for (const { row } of ofArrival) {
        if (row.failure !== null) arrival.fail(row.failure)
        if (row.finished !== null) arrival.add({ type: 'answer', index: row.key.index, ...row.finished })
      }
    }
  }

  private refuseLongPrompt({ prompt, maxTokens }: ServedRequest): void {
    const { maximumLength } = this.plan
    if (prompt.length + Math.min(1, maxTokens) <= maximumLength) return
    throw inputError(
      `prompt has ${plural(prompt.length, 'token')}. ` +
        `At most ${formatCount(maximumLength)} are served, prompt and answer together.`,
      'Shorten the prompt, or allow more memory (--memory).'
    )
  }

  /** Returns a function that finds a request's stop texts. The tokenizer is loaded for the first request with any. */
  private async stopTextOf({ served, stopTexts }: ServedRequest): Promise<StopText> {
    if (stopTexts.length === 0) return () => null
    this.text ??= postTextFolder(served).then(loadTextModel)
    return stopTextIn(await this.text, stopTexts)
  }
}

function partsOf(rows: readonly AnswerRow[]): number[] {
  const models = rows.flatMap(({ drawn }) => drawn.parts)
  return [...new Set(models)].sort((a, b) => a - b)
}

const loaded = new Map<string, Promise<ServedAnswers>>()

/** Returns the models, loaded once. After a failure the next request tries again. */
export function servedAnswers(served: ServedModels): Promise<ServedAnswers> {
  const existing = loaded.get(served.id)
  if (existing !== undefined) return existing
  const discard = (): void => void loaded.delete(served.id)
  const opening = openServed(served, discard)
  loaded.set(served.id, opening)
  opening.catch(discard)
  return opening
}

/** Ends all requests of served models and releases their memory. */
export async function closeServed(id: string): Promise<void> {
  const closing = loaded.get(id)
  loaded.delete(id)
  await (await closing)?.close()
}

async function openServed(served: ServedModels, discard: () => void): Promise<ServedAnswers> {
  const drawn = drawnModels(served.models)
  const run = await openRun(served, drawn.singles)
  try {
    const { pair, device } = run
    const trie = buildRecipeTrie(drawn.singles, await findSharing(pair, drawn.singles))
    const precision = choosePrecision(device, pair, served.precision ?? widthOf(served.weights))
    const plan = planServing(served, pair.post.spec, trie, precision)
    const decoding = await openDecoding(run, { device, pair, trie, plan, models: served.models, drawn }, served)
    return new ServedAnswers(plan, run, trie, decoding, discard)
  } catch (error) {
    await run.close()
    throw error
  }
}
