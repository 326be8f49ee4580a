import { createHash } from 'node:crypto'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { AnswerKey } from '../../../contract/procedures/engine'
import type { TokenLogprob } from '../../../contract/procedures/served-models'
import type { LayerStrength } from '../../../contract/model/recipe'
import { type AnsweringModel, modelStrengths } from '../../../contract/model/model'
import type { WorkbenchError } from '../../../contract/model/problem'
import { samplingBaselineKey } from '../../../contract/model/sampling-baseline'
import type { Sampling } from '../../../contract/model/sampling'
import { allFinite } from '../../checkpoint/non-finite'
import { sampleToken } from '../rows/sampler'
import { tokenLogprob } from '../rows/token-logprob'
import { drawNext, type Draw } from './draw-next'
import { type DrawnModel, logitsToDraw, samplingOfDraw } from './drawn-models'
import type { Prefilled, PromptTokens } from './prefill'
import type { BlockSource, RecipeTrie } from '../tries/recipe-trie'
import { lastToken, type RowRunner } from './row-runner'
import { beginSequences, extendSequences, type Sequence } from './sequences'
import type { StopText } from './stop-text'
import { elementAt } from '../../../contract/model/look-up'

export interface RowSettings {
  readonly seed: number
  readonly sampling: Sampling
  readonly maxTokens: number
  readonly stopText: StopText
  /** Numbers added to the logits of tokens before a draw. */
  readonly logitBias?: readonly (readonly [token: number, bias: number])[]
  /** Number of likeliest tokens to report with each token. If omitted, no log-probabilities are computed. */
  readonly topLogprobs?: number
}

/** An answer that is being generated. */
export class AnswerRow {
  readonly tokens: number[] = []
  /**
   * One sequence for each model whose logits the answer is drawn from: two for a mix of post and base, else one. Empty
   * before the first token.
   */
  sequences: readonly Sequence[] = []
  /** The complete answer; null before. */
  finished: { readonly tokens: number[]; readonly finish: 'stop' | 'length' } | null = null
  /** The reason why no token could be drawn, which ends the row; null without a failure. */
  failure: WorkbenchError | null = null

  constructor(
    readonly key: AnswerKey,
    readonly prompt: PromptTokens,
    readonly drawn: DrawnModel,
    readonly settings: RowSettings,
    readonly random: () => number
  ) {}

  get hasEnded(): boolean {
    return this.finished !== null || this.failure !== null
  }
}

const sequencesOf = (rows: readonly AnswerRow[]): Sequence[] => rows.flatMap(({ sequences }) => sequences)

export interface DecoderParts {
  readonly models: readonly AnsweringModel[]
  /** For each model, how its tokens are drawn. */
  readonly drawn: readonly DrawnModel[]
  readonly trie: RecipeTrie
  readonly stopTokens: readonly number[]
  readonly maximumLength: number
  readonly runner: RowRunner
  /** Explains why logits after some tokens are not finite. @param part index among the computed models */
  readonly whyNonFinite: (part: number, tokens: readonly number[]) => Promise<WorkbenchError>
}

/** The result of one step of a row. The token is null if it ends the answer, or if no token could be drawn. */
export interface RowToken {
  readonly row: AnswerRow
  readonly token: number | null
  readonly logprob: TokenLogprob | null
}

/** Draws the tokens of rows and ends them. Rows may join and leave before any step. */
export class Decoder {
  tokenCount = 0
  steps = 0
  private running: AnswerRow[] = []
  private readonly stopTokens: ReadonlySet<number>
  private readonly drawNames: readonly unknown[]

  constructor(private readonly parts: DecoderParts) {
    this.stopTokens = new Set(parts.stopTokens)
    this.drawNames = parts.models.map((model, index) =>
      drawName(model, parts.trie, elementAt(elementAt(parts.drawn, index, 'model').parts, 0, 'part'))
    )
  }

  get active(): readonly AnswerRow[] {
    return this.running
  }

  /** Creates the row of an answer. Its draws depend only on the seed, its model, prompt and index. */
  rowOf(key: AnswerKey, prompt: PromptTokens, settings: RowSettings): AnswerRow {
    const name = elementAt(this.drawNames, key.model, 'model')
    const random = sampleRandom(settings.seed, name, prompt, key.index)
    return new AnswerRow(key, prompt, elementAt(this.parts.drawn, key.model, 'model'), settings, random)
  }

  /** Draws the first token of new rows. Rows that do not end with the token continue in the next step. */
  async admit(rows: readonly AnswerRow[], prefilled: Prefilled): Promise<RowToken[]> {
    const tokens: RowToken[] = []
    for (const row of rows) {
      const logits = row.drawn.parts.map((model) => prefilled.logitsOf(model, row.prompt))
      tokens.push(await this.accept(row, logits, this.drawOf(row)))
    }
    const continuing = rows.filter(({ hasEnded }) => !hasEnded)
    const { runner, trie } = this.parts
    await runner.admit(beginSequences(continuing, trie, runner.copy !== undefined), prefilled)
    this.running.push(...continuing)
    return tokens
  }

  /** Computes one token for every running row. Rows that end with the token are removed. */
  async step(): Promise<RowToken[]> {
    this.steps++
    const rows = this.running
    const draws = rows.map((row) => this.drawOf(row))
    const partDraws = rows.flatMap(({ sequences }, i) => sequences.map(() => elementAt(draws, i, 'row')))
    const results = await this.parts.runner.step(sequencesOf(rows), (head, hidden, indices) =>
      drawNext(
        head,
        hidden,
        indices.map((i) => elementAt(partDraws, i, 'row'))
      )
    )
    const tokens: RowToken[] = []
    let first = 0
    for (const [i, row] of rows.entries()) {
      const ofRow = results.slice(first, (first += row.sequences.length))
      tokens.push(await this.accept(row, ofRow, elementAt(draws, i, 'row')))
    }
    await this.remove(rows.filter(({ hasEnded }) => hasEnded))
    const copies = extendSequences(this.running)
    if (copies.length > 0) await this.parts.runner.copy?.(copies)
    return tokens
  }

  async remove(rows: readonly AnswerRow[]): Promise<void> {
    const leaving = new Set(rows)
    const removed = this.running.filter((row) => leaving.has(row))
    this.running = this.running.filter((row) => !leaving.has(row))
    const used = new Set(sequencesOf(this.running))
    const unused = new Set(sequencesOf(removed).filter((sequence) => !used.has(sequence)))
    await this.parts.runner.dismiss([...unused])
  }

  private drawOf({ settings, drawn, prompt, tokens, random }: AnswerRow): Draw {
    const penalised = settings.sampling.repetitionPenalty !== 1
    const needsLogits = drawn.mixed !== null || settings.topLogprobs !== undefined || settings.logitBias !== undefined
    return {
      uniform: random(),
      earlier: penalised ? [...prompt, ...tokens] : [],
      sampling: needsLogits ? null : samplingOfDraw(drawn, settings.sampling)
    }
  }

  /** Adds a row's next token. @param results the token that its only part has drawn, or the logits of all parts */
  private async accept(row: AnswerRow, results: readonly (number | Float32Array)[], draw: Draw): Promise<RowToken> {
    const bad = results.findIndex((part) => (typeof part === 'number' ? Number.isNaN(part) : !allFinite(part)))
    if (bad !== -1) {
      const model = elementAt(row.drawn.parts, bad, 'part')
      row.failure = await this.parts.whyNonFinite(model, [...row.prompt, ...row.tokens])
      return { row, token: null, logprob: null }
    }
    const { token, logprob } = tokenFrom(row, results, draw)
    row.tokens.push(token)
    this.tokenCount++
    row.finished = this.finishOf(row)
    return { row, token: this.stopTokens.has(token) ? null : token, logprob }
  }

  /** Returns the complete answer if a row's last token ends it, else null. */
  private finishOf(row: AnswerRow): AnswerRow['finished'] {
    const { maxTokens, stopText } = row.settings
    if (this.stopTokens.has(lastToken(row))) return { tokens: row.tokens.slice(0, -1), finish: 'stop' }
    const tokensBeforeStop = stopText(row.tokens)
    if (tokensBeforeStop !== null) return { tokens: tokensBeforeStop, finish: 'stop' }
    const length = row.prompt.length + row.tokens.length
    if (row.tokens.length < maxTokens && length < this.parts.maximumLength) return null
    return { tokens: [...row.tokens], finish: 'length' }
  }
}

/** Returns the token that a row's only part has drawn, or draws it from the logits of all parts. */
function tokenFrom(
  { drawn, settings: { sampling, logitBias = [], topLogprobs } }: AnswerRow,
  results: readonly (number | Float32Array)[],
  { earlier, uniform }: Draw
): { token: number; logprob: TokenLogprob | null } {
  const [drawnToken] = results
  if (typeof drawnToken === 'number') return { token: drawnToken, logprob: null }
  const logits = logitsToDraw(
    drawn,
    results.filter((part) => typeof part !== 'number')
  )
  const biased = logitBias.length === 0 ? logits : logits.slice()
  for (const [token, bias] of logitBias) biased[token] = elementAt(biased, token, 'token of a bias') + bias
  const token = sampleToken(biased, samplingOfDraw(drawn, sampling), earlier, uniform)
  return { token, logprob: topLogprobs === undefined ? null : tokenLogprob(logits, token, topLogprobs) }
}

/** Returns a name that identifies a model's draws: an exported recipe draws as the recipe does. */
function drawName(model: AnsweringModel, trie: RecipeTrie, index: number): unknown {
  if (model.kind === 'base' || model.kind === 'few-shot') return 'base'
  if (model.kind === 'baseline') return samplingBaselineKey(model.baseline)
  const { origin, blocks } = elementAt(trie.sourcesOf, index, 'model')
  if (model.kind !== 'checkpoint') return modelStrengths(model, blocks.length)?.map(drawnLayer)
  const layers = blocks.flatMap((block) => strengthsOf(block))
  return origin === 'post' && layers.length === blocks.length ? layers : model.fingerprint
}

/** Returns a layer's strengths with the fingerprint of its source, but without the source's path and name. */
function drawnLayer({ attention, mlp, source }: LayerStrength): unknown {
  return source === undefined ? { attention, mlp } : { attention, mlp, source: source.fingerprint }
}

function strengthsOf(block: BlockSource): LayerStrength[] {
  return block.kind === 'recipe' && block.from === undefined ? [{ attention: block.attention, mlp: block.mlp }] : []
}

/** Returns the random numbers of one sample. They depend only on the seed, model, prompt and index. */
function sampleRandom(seed: number, model: unknown, prompt: readonly number[], index: number): () => number {
  const name = JSON.stringify([seed, model, prompt, index])
  const generator = xoroshiro128plus(createHash('sha256').update(name).digest().readInt32LE())
  return () => uniformFloat64(generator)
}
