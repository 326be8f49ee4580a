import { minPDraw, type Sampling } from '../../../contract/model/sampling'
import { elementAt } from '../../../contract/model/look-up'
import type { HiddenRows, ResidentHead } from './resident-head'
import { allFinite } from '../../checkpoint/non-finite'
import { rowAt } from '../rows/rows'
import { sampleToken } from '../rows/sampler'

export interface Draw {
  /** A number from 0 (included) to 1 (excluded). */
  readonly uniform: number
  /** Tokens that the repetition penalty counts. */
  readonly earlier: readonly number[]
  /** Null for a row whose logits are returned, for example because several models' logits are mixed first. */
  readonly sampling: Sampling | null
}

/**
 * Draws the next token of each row that has a `sampling`.
 *
 * @returns for each row its token, or NaN if a logit is not finite; its logits if `sampling` is null
 */
export async function drawNext(
  head: ResidentHead,
  hidden: HiddenRows,
  draws: readonly Draw[]
): Promise<(number | Float32Array)[]> {
  const sampling = sharedSampling(draws)
  const uniforms = draws.map(({ uniform }) => uniform)
  const tokens = sampling === null ? null : await head.draw(hidden, sampling, uniforms)
  if (tokens !== null) return tokens
  const logits = await head.logits(hidden)
  const size = logits.length / draws.length
  return draws.map((draw, i) => {
    const ofRow = rowAt(logits, i, size)
    return draw.sampling === null ? ofRow : drawFrom(ofRow, draw.sampling, draw)
  })
}

/** Returns the sampling that all rows share. Null if rows differ, or if one has none or is not a `minPDraw`. */
function sharedSampling(draws: readonly Draw[]): Sampling | null {
  const { sampling } = elementAt(draws, 0, 'row')
  const shared = sampling === null ? null : minPDraw(sampling)
  if (shared === null) return null
  const agrees = (draw: Draw): boolean => {
    const other = draw.sampling === null ? null : minPDraw(draw.sampling)
    return other?.temperature === shared.temperature && other.minP === shared.minP
  }
  return draws.every(agrees) ? sampling : null
}

/** Draws a token from the logits of one row. @returns NaN if a logit is not finite */
function drawFrom(logits: Float32Array, sampling: Sampling, { uniform, earlier }: Draw): number {
  return allFinite(logits) ? sampleToken(logits, sampling, earlier, uniform) : NaN
}
