import type { Sampling } from '../../../contract/engine'
import type { HiddenRows, ResidentHead } from './resident-head'
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
  return draws.map(({ uniform, earlier }, i) =>
    sampleToken(rowAt(logits, i, size), sampling, earlier, uniform)
  )
}
