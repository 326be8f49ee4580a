import type { Sampling } from '../../../contract/model/sampling'
import type { HiddenRows, ResidentHead } from './resident-head'
import { allFinite } from '../../checkpoint/non-finite'
import { rowAt } from '../rows/rows'
import { sampleToken } from '../rows/sampler'

/** What a row's next token is drawn with. */
export interface Draw {
  /** From 0 (included) to 1 (excluded). */
  readonly uniform: number
  /** Tokens that the repetition penalty counts. */
  readonly earlier: readonly number[]
}

/**
 * Draws the next token of rows from their states after the last layer: in the head's graph where it can, else from
 * logits.
 *
 * @param draws one for each row
 * @returns NaN for a row that has a logit which is not finite
 */
export async function drawNext(
  head: ResidentHead,
  hidden: HiddenRows,
  sampling: Sampling,
  draws: readonly Draw[]
): Promise<number[]> {
  if (head.draw !== null) {
    return head.draw(
      hidden,
      draws.map(({ uniform }) => uniform)
    )
  }
  const logits = await head.logits(hidden)
  const size = logits.length / draws.length
  return draws.map((draw, i) => drawFrom(rowAt(logits, i, size), sampling, draw))
}

/** Draws a token from the logits of one row. @returns NaN when one of them is not finite */
export function drawFrom(logits: Float32Array, sampling: Sampling, { uniform, earlier }: Draw): number {
  return allFinite(logits) ? sampleToken(logits, sampling, earlier, uniform) : NaN
}
