import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Sampling } from '../../../contract/model/sampling'
import type { Rival } from '../../../contract/model/rival'
import { type LanguageHead, valuesOf } from '../forward/language-head'
import { mixedLogits } from '../rows/rival-logits'
import { rowAt } from '../rows/rows'
import { tokenProbabilities } from '../rows/sampler'
import { logitRows } from './next-tokens'
import type { AskedRow } from './group-scorer'
import { at } from '../../base/look-up'
import { throwIfCancelled } from '../../base/cancelling'

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
  readonly sampling: Sampling | undefined
  readonly signal: AbortSignal | undefined
}

/** From the model's own distribution. */
const OPEN: Sampling = { temperature: 1, topK: null, topP: 1, minP: 0, repetitionPenalty: 1 }

/** For each rival the probabilities of what is asked of each row. No block is evaluated for them. */
export async function rivalTokens(run: RivalRun): Promise<Float64Array[][]> {
  const { rivals, rows, vocabularySize, post, base, signal } = run
  const result = rivals.map((): Float64Array[] => [])
  const scratch = new Float32Array(vocabularySize)
  const most = logitRows(2 * vocabularySize)
  for (let first = 0; first < rows.length; first += most) {
    throwIfCancelled(signal, 'The run')
    const count = Math.min(most, rows.length - first)
    const logitsOf = async ({ hidden, head }: LastStates): Promise<Float32Array> => {
      const width = hidden.length / rows.length
      return valuesOf(head.logits(hidden.subarray(first * width, (first + count) * width), signal))
    }
    const ofPost = await logitsOf(post)
    const ofBase = base === null ? null : await logitsOf(base)
    for (let i = 0; i < count; i++) {
      const asked = at(rows, first + i, 'row')
      const row = {
        post: rowAt(ofPost, i, vocabularySize),
        base: ofBase === null ? null : rowAt(ofBase, i, vocabularySize)
      }
      for (const [r, rival] of rivals.entries())
        at(result, r, 'rival').push(drawn(run, rival, row, asked, scratch))
      // This blocks the thread: let a cancel come in.
      if (i % 64 === 0) await nextTurn()
    }
  }
  return result
}

function drawn(
  { sampling = OPEN }: RivalRun,
  rival: Rival,
  row: { post: Float32Array; base: Float32Array | null },
  { tokens, next }: AskedRow,
  scratch: Float32Array
): Float64Array {
  if (rival.kind === 'sampler') {
    const { temperature, minP } = rival
    return tokenProbabilities(row.post, { ...sampling, temperature, minP }, tokens, next)
  }
  const { post, base } = row
  if (base === null) throw new Error('a rival that needs base in a sweep without base')
  mixedLogits(rival, post, base, scratch)
  return tokenProbabilities(scratch, sampling, tokens, next)
}
