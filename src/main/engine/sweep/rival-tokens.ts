import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Sampling } from '../../../contract/model/sampling'
import type { Rival } from '../../../contract/model/rival'
import type { DrawnRows, Draws } from '../forward/draws'
import { type LanguageHead, valuesOf } from '../forward/language-head'
import { mixedLogits } from '../rows/rival-logits'
import { joinNumbers, rowAt } from '../rows/rows'
import { tokenProbabilities } from '../rows/sampler'
import { logitRows } from './next-tokens'
import type { AskedRow } from './group-scorer'
import { at } from '../../../contract/model/look-up'
import { throwIfCancelled } from '../../base/files/cancelling'

/** A model's last states, one for each row of a leaf, and its head. */
export interface LastStates {
  /** [rows, hidden] */
  readonly hidden: Float32Array
  readonly head: LanguageHead
}

export interface RivalRun {
  readonly rivals: readonly Rival[]
  readonly rows: readonly AskedRow[]
  readonly vocabularySize: number
  readonly post: LastStates
  /** Null where no rival needs it. */
  readonly base: LastStates | null
  /** As the sweep draws tokens. */
  readonly sampling: Sampling
  /** The same with the other samplers that are asked about, where temperature and min-p alone decide; null elsewhere. */
  readonly draws: Draws | null
  /** Post under those of the rivals that are samplers, in their order, where that is so. */
  readonly samplers: Draws | null
  readonly signal: AbortSignal | undefined
}

/** Logits of some rows, [rows, vocabulary]. */
interface Logits {
  readonly post: Float32Array
  readonly base: Float32Array | null
}

/**
 * For each rival, under each sampler, the probabilities of what is asked of the rows, end to end. Rivals that are samplers themselves have none but
 * their own. No block is evaluated for them.
 */
export async function rivalTokens(run: RivalRun): Promise<DrawnRows[]> {
  const { rivals, rows, vocabularySize, post, base, signal } = run
  const parts = rivals.map((): Float64Array[][] => [])
  const most = logitRows(2 * vocabularySize)
  for (let first = 0; first < rows.length; first += most) {
    throwIfCancelled(signal, 'The run')
    const asked = rows.slice(first, first + most)
    const logitsOf = async ({ hidden, head }: LastStates): Promise<Float32Array> => {
      const width = hidden.length / rows.length
      return valuesOf(head.logits(hidden.subarray(first * width, (first + asked.length) * width), signal))
    }
    const logits = { post: await logitsOf(post), base: base === null ? null : await logitsOf(base) }
    const drawn =
      run.draws === null
        ? await drawnOneByOne(run, logits, asked)
        : await drawnTogether(run, run.draws, logits, asked)
    for (const [rival, next] of drawn.entries()) {
      for (const [sampler, ofRows] of next.entries()) (at(parts, rival, 'rival')[sampler] ??= []).push(ofRows)
    }
  }
  return parts.map((ofRival) => ofRival.map(joinNumbers))
}

async function drawnTogether(
  { rivals, samplers, signal }: RivalRun,
  draws: Draws,
  { post, base }: Logits,
  rows: readonly AskedRow[]
): Promise<DrawnRows[]> {
  const asked = rows.map(({ next }) => next)
  const ofSamplers = samplers === null ? [] : [...(await samplers.ofLogits(post, asked))]
  const drawn: DrawnRows[] = []
  for (const rival of rivals) {
    throwIfCancelled(signal, 'The run')
    if (rival.kind === 'sampler') drawn.push(ofSamplers.splice(0, 1))
    else drawn.push(await draws.ofBoth(rival, { post, base: required(base) }, asked))
    // Inference blocks the thread: let a cancel come in.
    await nextTurn()
  }
  return drawn
}

/** As samplers draw that may cut in other ways, which takes every row by itself. */
async function drawnOneByOne(
  { rivals, vocabularySize, sampling }: RivalRun,
  { post, base }: Logits,
  rows: readonly AskedRow[]
): Promise<DrawnRows[]> {
  const result = rivals.map((): Float64Array[] => [])
  const scratch = new Float32Array(vocabularySize)
  for (const [i, { tokens, next }] of rows.entries()) {
    const ofPost = rowAt(post, i, vocabularySize)
    for (const [r, rival] of rivals.entries()) {
      if (rival.kind !== 'sampler')
        mixedLogits(rival, ofPost, rowAt(required(base), i, vocabularySize), scratch)
      const [logits, drawing] =
        rival.kind === 'sampler'
          ? [ofPost, { ...sampling, temperature: rival.temperature, minP: rival.minP }]
          : [scratch, sampling]
      at(result, r, 'rival').push(tokenProbabilities(logits, drawing, tokens, next))
    }
    // This blocks the thread: let a cancel come in.
    if (i % 64 === 0) await nextTurn()
  }
  return result.map((ofRows) => [joinNumbers(ofRows)])
}

function required(base: Float32Array | null): Float32Array {
  if (base === null) throw new Error('a rival that needs base in a sweep without base')
  return base
}
