import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Sampling } from '../../../contract/model/sampling'
import {
  baselineSampler,
  needsBase,
  type SamplingBaseline,
  type TruncatedBaseline
} from '../../../contract/model/sampling-baseline'
import type { DrawnRows, Draws } from '../forward/draws'
import { type LanguageHead, valuesOf } from '../forward/language-head'
import { mixedLogits } from '../rows/baseline-logits'
import { joinNumbers, rowAt } from '../rows/rows'
import { truncatedProbabilities } from '../rows/truncated-probabilities'
import { tokenProbabilities } from '../rows/sampler'
import type { RowTargets } from './group-scorer'
import { elementAt } from '../../../contract/model/look-up'
import { throwIfCancelled } from '../../base/files/cancelling'

/** A model's states after the last layer, [rows, finalRowSize], and the head that turns them into logits. */
export interface LastStates {
  readonly hidden: Float32Array
  readonly head: LanguageHead
}

export interface BaselineRun {
  /** Ways to draw other tokens from post, or from post and base, that restore no layer. */
  readonly baselines: readonly SamplingBaseline[]
  /** The token prefixes of the prompts, and the tokens whose probabilities are requested after each. */
  readonly rows: readonly RowTargets[]
  readonly vocabularySize: number
  readonly post: LastStates
  /** Null if no baseline needs base. */
  readonly base: LastStates | null
  readonly sampling: Sampling
  /** The sampler and the other requested samplers. Null unless temperature and min-p are their only settings. */
  readonly draws: Draws | null
  /** Draws from post under the baselines that are samplers; null for samplers with other settings. */
  readonly samplers: Draws | null
  readonly signal: AbortSignal | undefined
}

/** Reports that the baselines of some more rows are computed, and at last the requested probabilities of each. */
type BaselineEvent =
  { readonly type: 'rows'; readonly count: number } | { readonly type: 'done'; readonly drawn: readonly DrawnRows[] }

/** Maximum bytes of logits of post and base in memory. Each batch reads the heads again, so few rows are slow. */
const LOGIT_BYTES = 2 ** 27

function rowsOfBatch(vocabularySize: number): number {
  return Math.max(1, Math.floor(LOGIT_BYTES / (2 * Float32Array.BYTES_PER_ELEMENT * vocabularySize)))
}

/** Returns the bytes of the logits that baselines of these rows need at once. */
export function baselineBytes(vocabularySize: number, rows: number): number {
  return 2 * Float32Array.BYTES_PER_ELEMENT * vocabularySize * Math.min(rows, rowsOfBatch(vocabularySize))
}

/** Logits of a range of rows, [rows, vocabulary]. */
interface Logits {
  readonly post: Float32Array
  readonly base: Float32Array | null
}

/**
 * Computes the requested probabilities of each baseline from states of post and base, without evaluating a layer. A
 * baseline that is a sampler itself has one result, others have one for each sampler of the sweep.
 */
export async function* baselineTokens(run: BaselineRun): AsyncGenerator<BaselineEvent> {
  const { baselines, rows, vocabularySize, post, base, signal } = run
  const parts = baselines.map((): Float64Array[][] => [])
  const maxRows = Math.min(rows.length, rowsOfBatch(vocabularySize))
  /** Returns a function that computes the logits of some rows, each time in the same memory. */
  const logitsFrom = ({ hidden, head }: LastStates): ((first: number, end: number) => Promise<Float32Array>) => {
    const memory = new Float32Array(maxRows * vocabularySize)
    const width = hidden.length / rows.length
    return (first, end) => valuesOf(head.logits(hidden.subarray(first * width, end * width), signal, memory))
  }
  const postLogits = logitsFrom(post)
  const baseLogits = base === null ? null : logitsFrom(base)
  for (let first = 0; first < rows.length; first += maxRows) {
    throwIfCancelled(signal, 'The run')
    const targets = rows.slice(first, first + maxRows)
    const end = first + targets.length
    const logits = {
      post: await postLogits(first, end),
      base: baseLogits === null ? null : await baseLogits(first, end)
    }
    const drawn =
      run.draws === null
        ? await drawRowByRow(run, logits, targets)
        : await drawTogether(run, run.draws, logits, targets)
    for (const [baseline, next] of drawn.entries()) {
      for (const [sampler, ofRows] of next.entries())
        (elementAt(parts, baseline, 'baseline')[sampler] ??= []).push(ofRows)
    }
    yield { type: 'rows', count: targets.length }
  }
  yield { type: 'done', drawn: parts.map((ofBaseline) => ofBaseline.map(joinNumbers)) }
}

async function drawTogether(
  { baselines, samplers, signal, vocabularySize }: BaselineRun,
  draws: Draws,
  { post, base }: Logits,
  rows: readonly RowTargets[]
): Promise<DrawnRows[]> {
  const targetTokens = rows.map(({ next }) => next)
  const ofSamplers = samplers === null ? [] : [...(await samplers.ofLogits(post, targetTokens))]
  const ofTruncated = await drawTruncated(baselines.filter(isTruncated), post, targetTokens, vocabularySize)
  const drawn: DrawnRows[] = []
  // Results of truncated baselines and of samplers are in the order of the baselines, so the first one is next.
  for (const baseline of baselines) {
    throwIfCancelled(signal, 'The run')
    if (isTruncated(baseline)) drawn.push(ofTruncated.splice(0, 1))
    else if (!needsBase(baseline)) drawn.push(ofSamplers.splice(0, 1))
    else drawn.push(await draws.ofBoth(baseline, { post, base: requireBase(base) }, targetTokens))
    // Inference blocks the thread. Yield, so that a cancellation can arrive.
    await nextTurn()
  }
  return drawn
}

const isTruncated = (baseline: SamplingBaseline): baseline is TruncatedBaseline => 'limit' in baseline

/** Computes the probabilities of truncated baselines, row after row, from post's logits, [rows, vocabulary]. */
async function drawTruncated(
  baselines: readonly TruncatedBaseline[],
  post: Float32Array,
  targetTokens: readonly (readonly number[])[],
  vocabularySize: number
): Promise<Float64Array[]> {
  const parts = baselines.map((): Float64Array[] => [])
  for (const [row, tokens] of targetTokens.entries()) {
    const ofRow = truncatedProbabilities(rowAt(post, row, vocabularySize), baselines, tokens)
    for (const [index, values] of ofRow.entries()) elementAt(parts, index, 'baseline').push(values)
    if (row % 64 === 0) await nextTurn()
  }
  return parts.map(joinNumbers)
}

/** Computes probabilities row by row, for samplers with settings other than temperature and min-p. */
async function drawRowByRow(
  { baselines, vocabularySize, sampling }: BaselineRun,
  { post, base }: Logits,
  rows: readonly RowTargets[]
): Promise<DrawnRows[]> {
  const result = baselines.map((): Float64Array[] => [])
  const scratch = new Float32Array(vocabularySize)
  for (const [i, { tokens, next }] of rows.entries()) {
    const ofPost = rowAt(post, i, vocabularySize)
    for (const [r, baseline] of baselines.entries()) {
      if (needsBase(baseline)) mixedLogits(baseline, ofPost, rowAt(requireBase(base), i, vocabularySize), scratch)
      const [logits, drawing] = needsBase(baseline)
        ? [scratch, sampling]
        : [ofPost, { ...sampling, ...baselineSampler(baseline) }]
      elementAt(result, r, 'baseline').push(tokenProbabilities(logits, drawing, tokens, next))
    }
    // The loop would block the thread, so it yields now and then, and a cancellation can arrive.
    if (i % 64 === 0) await nextTurn()
  }
  return result.map((ofRows) => [joinNumbers(ofRows)])
}

function requireBase(base: Float32Array | null): Float32Array {
  if (base === null) throw new Error('a baseline that needs base in a sweep without base')
  return base
}
