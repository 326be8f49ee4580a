import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { AnswerKey, EngineGenerateEvent, GenerateRequest } from '../../../contract/procedures/engine'
import { type Model, modelStrengths } from '../../../contract/model/model'
import type { WorkbenchError } from '../../../contract/model/problem'
import { drawFrom, drawNext, type Draw } from './draw-next'
import type { GenerationPlan } from './generation-plan'
import type { Prefilled } from './prefill'
import type { BlockSource, RecipeTrie } from '../tries/recipe-trie'
import { lastToken, type RowRunner, type RunningRow } from './row-runner'
import type { StopText } from './stop-text'
import { at, got } from '../../base/look-up'
import { throwIfCancelled } from '../../base/cancelling'

/** A sequence being generated. */
interface Row extends RunningRow {
  readonly index: number
  readonly random: () => number
  readonly tokens: number[]
  position: number
  /** The answer, once it is over. */
  finished: { readonly tokens: number[]; readonly finish: 'stop' | 'length' } | null
}

export interface DecoderParts {
  readonly request: GenerateRequest
  readonly stopText: StopText
  readonly plan: GenerationPlan
  readonly trie: RecipeTrie
  readonly runner: RowRunner
  /** One pass over some prompts, by their indices. */
  readonly prefill: (prompts: readonly number[], signal?: AbortSignal) => Promise<Prefilled>
  /** Why a model's logits after some tokens are not finite. */
  readonly whyNonFinite: (model: number, tokens: readonly number[]) => Promise<WorkbenchError>
}

/**
 * Decides which sequences run, draws their tokens and ends them; a runner does the computing, one token of each a step.
 * At every layer the rows of all models that use the same block are one batch; a finished sequence gives its place to
 * the next in its model's queue.
 */
export class Decoder {
  tokenCount = 0
  steps = 0
  private readonly stopTokens: ReadonlySet<number>
  private readonly finished: ReadonlySet<string>
  private readonly drawNames: readonly unknown[]

  constructor(private readonly parts: DecoderParts) {
    const { request } = parts
    this.stopTokens = new Set(request.stopTokens)
    this.finished = new Set(request.finished.map(answerName))
    this.drawNames = request.models.map((model, index) => drawName(model, parts.trie, index))
  }

  /** All samples of some prompts, for every model. */
  async *generateGroup(
    prompts: readonly number[],
    signal?: AbortSignal
  ): AsyncGenerator<EngineGenerateEvent> {
    const { request } = this.parts
    const queues = request.models.map((_, model) => this.queue(model, prompts))
    if (queues.every((queue) => queue.length === 0)) return
    const prefilled = await this.parts.prefill(prompts, signal)
    try {
      yield* this.generateFrom(prefilled, queues, signal)
    } finally {
      prefilled.dispose()
    }
  }

  /** @param queues for each model the rows that are to run */
  private async *generateFrom(
    prefilled: Prefilled,
    queues: readonly Row[][],
    signal: AbortSignal | undefined
  ): AsyncGenerator<EngineGenerateEvent> {
    const { request, plan, runner } = this.parts
    const active: Row[] = []
    for (;;) {
      const started: EngineGenerateEvent[] = []
      const admitted: Row[] = []
      for (const [model, queue] of queues.entries()) {
        // An answer may end with its first token, so a place can be free again at once.
        while (active.filter((row) => row.model === model).length < plan.rowsPerModel) {
          const row = queue.shift()
          if (row === undefined) break
          const logits = got(at(prefilled.logits, model, 'model'), row.prompt, 'prompt')
          const token = drawFrom(logits, request.sampling, this.drawOf(row))
          await this.requireToken(row, token)
          started.push(...this.accept(row, token))
          if (row.finished !== null) continue
          admitted.push(row)
          active.push(row)
        }
      }
      await runner.admit(admitted, prefilled)
      yield* started
      if (active.length === 0) return
      throwIfCancelled(signal, 'The generation')
      yield* await this.step(active)
      const ended = active.filter(({ finished }) => finished !== null)
      for (const row of ended) active.splice(active.indexOf(row), 1)
      await runner.dismiss(ended)
      // Inference blocks the thread: let a cancel come in.
      await nextTurn()
    }
  }

  /** One token for every active row. */
  private async step(active: readonly Row[]): Promise<EngineGenerateEvent[]> {
    this.steps++
    const { request, runner } = this.parts
    const draws = active.map((row) => this.drawOf(row))
    const tokens = await runner.step(active, (head, hidden, indices) =>
      drawNext(
        head,
        hidden,
        request.sampling,
        indices.map((i) => at(draws, i, 'row'))
      )
    )
    for (const [i, row] of active.entries()) await this.requireToken(row, at(tokens, i, 'token'))
    const events = active.flatMap((row, i) => {
      row.position++
      return this.accept(row, at(tokens, i, 'token'))
    })
    return mergeTokens(events)
  }

  private drawOf(row: Row): Draw {
    const { request } = this.parts
    const penalised = request.sampling.repetitionPenalty !== 1
    const earlier = penalised ? [...at(request.prompts, row.prompt, 'prompt'), ...row.tokens] : []
    return { uniform: row.random(), earlier }
  }

  /** @throws WorkbenchError when no token could be drawn, for the logits are not finite */
  private async requireToken(row: Row, token: number): Promise<void> {
    if (!Number.isNaN(token)) return
    const prompt = at(this.parts.request.prompts, row.prompt, 'prompt')
    throw await this.parts.whyNonFinite(row.model, [...prompt, ...row.tokens])
  }

  /** Adds a row's next token and says what came of it. */
  private accept(row: Row, token: number): EngineGenerateEvent[] {
    row.tokens.push(token)
    this.tokenCount++
    const { model, prompt, index } = row
    const events: EngineGenerateEvent[] = []
    if (!this.stopTokens.has(token))
      events.push({ type: 'tokens', tokens: [{ model, prompt, index, token }] })
    row.finished = this.finishOf(row)
    if (row.finished !== null) events.push({ type: 'sample', model, prompt, index, ...row.finished })
    return events
  }

  /** The finished answer, or null while it goes on. */
  private finishOf(row: Row): Row['finished'] {
    const { request, stopText, plan } = this.parts
    if (this.stopTokens.has(lastToken(row))) return { tokens: row.tokens.slice(0, -1), finish: 'stop' }
    const kept = stopText(row.tokens)
    if (kept !== null) return { tokens: row.tokens.slice(0, kept), finish: 'stop' }
    const length = at(request.prompts, row.prompt, 'prompt').length + row.tokens.length
    if (row.tokens.length < request.maxTokens && length < plan.maximumLength) return null
    return { tokens: [...row.tokens], finish: 'length' }
  }

  /** The samples of one model, first every prompt's first, so that all prompts show something early. */
  private queue(model: number, prompts: readonly number[]): Row[] {
    const { request } = this.parts
    const indices = Array.from({ length: request.sampleCount }, (_, index) => index)
    return indices.flatMap((index) =>
      prompts.flatMap((prompt) => {
        if (this.finished.has(answerName({ model, prompt, index }))) return []
        const tokens = at(request.prompts, prompt, 'prompt')
        const random = sampleRandom(request.seed, at(this.drawNames, model, 'model'), tokens, index)
        return {
          model,
          prompt,
          index,
          random,
          tokens: [],
          finished: null,
          position: tokens.length
        }
      })
    )
  }
}

/**
 * What tells a model's draws from another's, wherever its files lie. An exported recipe, opened as a checkpoint, draws as
 * the recipe does.
 */
function drawName(model: Model, trie: RecipeTrie, index: number): unknown {
  if (model.kind === 'base') return 'base'
  const { origin, blocks } = at(trie.madeOf, index, 'model')
  if (model.kind !== 'checkpoint') return modelStrengths(model, blocks.length)
  const layers = blocks.flatMap((block) => strengthsOf(block))
  return origin === 'post' && layers.length === blocks.length ? layers : model.fingerprint
}

function strengthsOf(block: BlockSource): { attention: number; mlp: number }[] {
  return block.kind === 'stored' ? [] : [{ attention: block.attention, mlp: block.mlp }]
}

/** The draws of one sample: of its seed, model, prompt and index, and of nothing else. */
function sampleRandom(seed: number, model: unknown, prompt: readonly number[], index: number): () => number {
  const name = JSON.stringify([seed, model, prompt, index])
  const generator = xoroshiro128plus(createHash('sha256').update(name).digest().readInt32LE())
  return () => uniformFloat64(generator)
}

/** Token events of one step as one event, then the answers that ended. */
function mergeTokens(events: readonly EngineGenerateEvent[]): EngineGenerateEvent[] {
  const tokens = events.flatMap((event) => (event.type === 'tokens' ? event.tokens : []))
  const samples = events.filter((event) => event.type === 'sample')
  return tokens.length === 0 ? samples : [{ type: 'tokens', tokens }, ...samples]
}

function answerName({ model, prompt, index }: AnswerKey): string {
  return `${model}/${prompt}/${index}`
}
