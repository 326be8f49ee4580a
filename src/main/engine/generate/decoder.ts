import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { AnswerKey, EngineGenerateEvent, GenerateRequest } from '../../../contract/procedures/engine'
import type { LayerStrength } from '../../../contract/model/recipe'
import { type AnsweringModel, modelStrengths } from '../../../contract/model/model'
import type { WorkbenchError } from '../../../contract/model/problem'
import { samplingBaselineKey } from '../../../contract/model/sampling-baseline'
import { allFinite } from '../../checkpoint/non-finite'
import { sampleToken } from '../rows/sampler'
import { drawNext, type Draw } from './draw-next'
import { type DrawnModel, logitsToDraw } from './drawn-models'
import type { GenerationPlan } from './generation-plan'
import type { Prefilled } from './prefill'
import type { BlockSource, RecipeTrie } from '../tries/recipe-trie'
import { lastToken, type RowRunner, type RunningRow } from './row-runner'
import type { StopText } from './stop-text'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { throwIfCancelled } from '../../base/files/cancelling'

/** A sequence being generated. */
class Row {
  readonly model: number
  readonly prompt: number
  readonly index: number
  readonly tokens: number[] = []
  /** The rows that compute the sequence, one for each of its model's parts. */
  readonly parts: readonly RunningRow[]
  /** The answer once it is complete. */
  finished: { readonly tokens: number[]; readonly finish: 'stop' | 'length' } | null = null

  constructor(
    { model, prompt, index }: AnswerKey,
    parts: readonly number[],
    /** Position of the last token. */
    public position: number,
    readonly random: () => number
  ) {
    this.model = model
    this.prompt = prompt
    this.index = index
    this.parts = parts.map((part) => new PartOfRow(part, this))
  }
}

/** The part of a row that one model computes. */
class PartOfRow implements RunningRow {
  constructor(
    readonly model: number,
    private readonly row: Row
  ) {}

  get prompt(): number {
    return this.row.prompt
  }

  get tokens(): readonly number[] {
    return this.row.tokens
  }

  get position(): number {
    return this.row.position
  }
}

const partsOf = (rows: readonly Row[]): RunningRow[] => rows.flatMap(({ parts }) => parts)

export interface DecoderParts {
  readonly request: GenerateRequest
  readonly stopText: StopText
  readonly plan: GenerationPlan
  readonly trie: RecipeTrie
  /** The drawn models, in the order of the request's models. */
  readonly drawn: readonly DrawnModel[]
  readonly runner: RowRunner
  /** Runs one pass over the prompts with these indices. */
  readonly prefill: (prompts: readonly number[], signal?: AbortSignal) => Promise<Prefilled>
  /** Explains why logits after some tokens are not finite. @param part index among the computed models */
  readonly whyNonFinite: (part: number, tokens: readonly number[]) => Promise<WorkbenchError>
}

/**
 * Decides which sequences run, draws their tokens and ends them. A runner computes one token of each sequence per step.
 * At every layer the rows of all models that use the same block are one batch. A finished sequence gives its slot to
 * the next one in its model's queue.
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
    this.drawNames = request.models.map((model, index) =>
      drawName(model, parts.trie, elementAt(elementAt(parts.drawn, index, 'model').parts, 0, 'part'))
    )
  }

  /** Generates all samples of some prompts for every model. */
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

  /** @param queues rows to run, by model */
  private async *generateFrom(
    prefilled: Prefilled,
    queues: readonly Row[][],
    signal: AbortSignal | undefined
  ): AsyncGenerator<EngineGenerateEvent> {
    const { plan, runner } = this.parts
    const active: Row[] = []
    for (;;) {
      const started: EngineGenerateEvent[] = []
      const admitted: Row[] = []
      for (const [model, queue] of queues.entries()) {
        // An answer may end with its first token, so a slot may be free again at once.
        while (active.filter((row) => row.model === model).length < plan.rowsPerModel) {
          const row = queue.shift()
          if (row === undefined) break
          const logits = row.parts.map((part) =>
            mapGet(elementAt(prefilled.logits, part.model, 'model'), row.prompt, 'prompt')
          )
          const token = await this.drawFromParts(row, logits, this.drawOf(row))
          started.push(...this.accept(row, token))
          if (row.finished !== null) continue
          admitted.push(row)
          active.push(row)
        }
      }
      await runner.admit(partsOf(admitted), prefilled)
      yield* started
      if (active.length === 0) return
      throwIfCancelled(signal, 'The generation')
      yield* await this.step(active)
      const ended = active.filter(({ finished }) => finished !== null)
      for (const row of ended) active.splice(active.indexOf(row), 1)
      await runner.dismiss(partsOf(ended))
      // Inference blocks the thread. Yield, so that a cancellation can arrive.
      await nextTurn()
    }
  }

  /** Computes one token for every active row. */
  private async step(active: readonly Row[]): Promise<EngineGenerateEvent[]> {
    this.steps++
    const { request, runner, drawn } = this.parts
    const draws = active.map((row) => this.drawOf(row))
    const rows = active.flatMap(({ parts, model }, i) =>
      parts.map(() => ({ draw: elementAt(draws, i, 'row'), plain: elementAt(drawn, model, 'model').plain }))
    )
    const results = await runner.step(partsOf(active), (head, hidden, indices) =>
      drawNext(
        head,
        hidden,
        request.sampling,
        indices.map((i) => elementAt(rows, i, 'row'))
      )
    )
    const tokens: number[] = []
    let first = 0
    for (const [i, row] of active.entries()) {
      const partResults = results.slice(first, (first += row.parts.length))
      tokens.push(await this.tokenOf(row, partResults, elementAt(draws, i, 'row')))
    }
    const events = active.flatMap((row, i) => {
      row.position++
      return this.accept(row, elementAt(tokens, i, 'token'))
    })
    return mergeTokens(events)
  }

  private drawOf(row: Row): Draw {
    const { request } = this.parts
    const penalised = request.sampling.repetitionPenalty !== 1
    const earlier = penalised ? [...elementAt(request.prompts, row.prompt, 'prompt'), ...row.tokens] : []
    return { uniform: row.random(), earlier }
  }

  /**
   * Returns the token of a row. Either its only part has drawn it, or all parts have returned their logits.
   *
   * @throws WorkbenchError if logits are not finite, so that no token can be drawn
   */
  private async tokenOf(
    row: Row,
    partResults: readonly (number | Float32Array)[],
    draw: Draw
  ): Promise<number> {
    const [token] = partResults
    if (typeof token !== 'number') {
      const logits = partResults.filter((part) => typeof part !== 'number')
      return this.drawFromParts(row, logits, draw)
    }
    if (Number.isNaN(token)) throw await this.nonFinite(row, 0)
    return token
  }

  /** Draws a row's token from the logits of its parts. @throws WorkbenchError if logits are not finite */
  private async drawFromParts(row: Row, logits: readonly Float32Array[], draw: Draw): Promise<number> {
    const bad = logits.findIndex((ofPart) => !allFinite(ofPart))
    if (bad !== -1) throw await this.nonFinite(row, bad)
    const drawn = elementAt(this.parts.drawn, row.model, 'model')
    return sampleToken(logitsToDraw(drawn, logits), drawn.sampling, draw.earlier, draw.uniform)
  }

  private async nonFinite(row: Row, part: number): Promise<WorkbenchError> {
    const prompt = elementAt(this.parts.request.prompts, row.prompt, 'prompt')
    return this.parts.whyNonFinite(elementAt(row.parts, part, 'part').model, [...prompt, ...row.tokens])
  }

  /** Adds a row's next token and returns the resulting events. */
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

  /** Returns the finished answer, or null while the answer continues. */
  private finishOf(row: Row): Row['finished'] {
    const { request, stopText, plan } = this.parts
    if (this.stopTokens.has(lastToken(row))) return { tokens: row.tokens.slice(0, -1), finish: 'stop' }
    const tokensBeforeStop = stopText(row.tokens)
    if (tokensBeforeStop !== null) return { tokens: tokensBeforeStop, finish: 'stop' }
    const length = elementAt(request.prompts, row.prompt, 'prompt').length + row.tokens.length
    if (row.tokens.length < request.maxTokens && length < plan.maximumLength) return null
    return { tokens: [...row.tokens], finish: 'length' }
  }

  /**
   * Returns the samples of one model, beginning with the first sample of every prompt, so that all prompts show an
   * answer early.
   */
  private queue(model: number, prompts: readonly number[]): Row[] {
    const { request } = this.parts
    const indices = Array.from({ length: request.sampleCount }, (_, index) => index)
    return indices.flatMap((index) =>
      prompts.flatMap((prompt) => {
        if (this.finished.has(answerName({ model, prompt, index }))) return []
        const tokens = elementAt(request.prompts, prompt, 'prompt')
        const random = sampleRandom(request.seed, elementAt(this.drawNames, model, 'model'), tokens, index)
        return new Row(
          { model, prompt, index },
          elementAt(this.parts.drawn, model, 'model').parts,
          tokens.length,
          random
        )
      })
    )
  }
}

/**
 * Returns a name that identifies a model's draws, independent of the location of its files. An exported recipe that is
 * opened as a checkpoint draws as the recipe does.
 */
function drawName(model: AnsweringModel, trie: RecipeTrie, index: number): unknown {
  if (model.kind === 'base') return 'base'
  if (model.kind === 'baseline') return samplingBaselineKey(model.baseline)
  const { origin, blocks } = elementAt(trie.madeOf, index, 'model')
  if (model.kind !== 'checkpoint') return modelStrengths(model, blocks.length)?.map(drawnLayer)
  const layers = blocks.flatMap((block) => strengthsOf(block))
  return origin === 'post' && layers.length === blocks.length ? layers : model.fingerprint
}

/** Returns a layer's strengths with the fingerprint of its source, but without the source's path and name. */
function drawnLayer({ attention, mlp, source }: LayerStrength): unknown {
  return source === undefined ? { attention, mlp } : { attention, mlp, source: source.fingerprint }
}

function strengthsOf(block: BlockSource): LayerStrength[] {
  return block.kind === 'stored' || block.from !== undefined
    ? []
    : [{ attention: block.attention, mlp: block.mlp }]
}

/** Returns the random numbers of one sample. They depend only on the seed, model, prompt and index. */
function sampleRandom(seed: number, model: unknown, prompt: readonly number[], index: number): () => number {
  const name = JSON.stringify([seed, model, prompt, index])
  const generator = xoroshiro128plus(createHash('sha256').update(name).digest().readInt32LE())
  return () => uniformFloat64(generator)
}

/** Merges the token events of one step into one event, followed by the answers that ended. */
function mergeTokens(events: readonly EngineGenerateEvent[]): EngineGenerateEvent[] {
  const tokens = events.flatMap((event) => (event.type === 'tokens' ? event.tokens : []))
  const samples = events.filter((event) => event.type === 'sample')
  return tokens.length === 0 ? samples : [{ type: 'tokens', tokens }, ...samples]
}

function answerName({ model, prompt, index }: AnswerKey): string {
  return `${model}/${prompt}/${index}`
}
