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

/** A row whose next token is drawn with `sampling` of the request, or whose logits are wanted for others' sake. */
export interface DrawnRow {
  readonly draw: Draw
  readonly plain: boolean
}

/**
 * Draws the next token of rows from their states after the last layer: in the head's graph where it can, else from
 * logits.
 *
 * @returns for each row its token, NaN where it has a logit which is not finite; for one that is not plain its logits
 */
export async function drawNext(
  head: ResidentHead,
  hidden: HiddenRows,
  sampling: Sampling,
  rows: readonly DrawnRow[]
): Promise<(number | Float32Array)[]> {
  if (head.draw !== null && rows.every(({ plain }) => plain)) {
    return head.draw(
      hidden,
      rows.map(({ draw }) => draw.uniform)
    )
  }
  const logits = await head.logits(hidden)
  const size = logits.length / rows.length
  return rows.map(({ draw, plain }, i) => {
    const ofRow = rowAt(logits, i, size)
    return plain ? drawFrom(ofRow, sampling, draw) : ofRow
  })
}

/** Draws a token from the logits of one row. @returns NaN when one of them is not finite */
function drawFrom(logits: Float32Array, sampling: Sampling, { uniform, earlier }: Draw): number {
  return allFinite(logits) ? sampleToken(logits, sampling, earlier, uniform) : NaN
}
