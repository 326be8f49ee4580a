import type { Sampling } from '../../../contract/model/sampling'
import type { HiddenRows, ResidentHead } from './resident-head'
import { allFinite } from '../../checkpoint/non-finite'
import { rowAt } from '../rows/rows'
import { sampleToken } from '../rows/sampler'

/** The input that draws a row's next token. */
export interface Draw {
  /** A number from 0 (included) to 1 (excluded). */
  readonly uniform: number
  /** Tokens that the repetition penalty counts. */
  readonly earlier: readonly number[]
}

/**
 * A row whose next token is drawn with the request's `sampling` (`plain`), or whose logits are returned for a draw
 * elsewhere.
 */
export interface DrawnRow {
  readonly draw: Draw
  readonly plain: boolean
}

/**
 * Draws the next token of rows from their states after the last layer. It draws in the head's graph if the graph can,
 * else from logits.
 *
 * @returns the token of each plain row, NaN if a logit of the row is not finite; the logits of each other row
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

/** Draws a token from the logits of one row. @returns NaN if a logit is not finite */
function drawFrom(logits: Float32Array, sampling: Sampling, { uniform, earlier }: Draw): number {
  return allFinite(logits) ? sampleToken(logits, sampling, earlier, uniform) : NaN
}
