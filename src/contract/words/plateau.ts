import type { Bootstrap } from '../documents/crc'
import type { RestorationRange } from '../model/recipe'
import { formatPercent, plural, rangeLabel, rangePhrase } from './format'

/** Share of wins that the plateau covers. */
const PLATEAU_SHARE = 0.95

/** Returns the fewest ranges that together reach this share of wins, or all that ever win. */
export function plateauOf({ wins }: Pick<Bootstrap, 'wins'>): Bootstrap['wins'] {
  let together = 0
  const members: Bootstrap['wins'] = []
  for (const win of [...wins].sort((a, b) => b.share - a.share)) {
    // Shares are counts of resamples, so a tiny difference is a rounding error.
    if (together >= PLATEAU_SHARE - 1e-9) break
    members.push(win)
    together += win.share
  }
  return members
}

/** Describes the ranges that could be selected equally well; null if no resample selected a range. */
export function plateauWords(bootstrap: Pick<Bootstrap, 'wins'>): string | null {
  const members = plateauOf(bootstrap)
  const [first] = members
  if (first === undefined) return null
  const share = formatPercent(members.reduce((sum, win) => sum + win.share, 0))
  if (members.length === 1) return `${rangePhrase(first)}, selected in ${share} of resamples`
  return `${plural(members.length, 'range')} (${rangeEdges(members)}), one of them selected in ${share} of resamples`
}

/** Describes between which layers ranges start and end: "starts within 13–16, end 34". */
function rangeEdges(ranges: readonly RestorationRange[]): string {
  const side = (edge: 'start' | 'end'): string => {
    const layers = ranges.map((range) => range[edge])
    const span = { start: Math.min(...layers), end: Math.max(...layers) }
    return `${edge}${span.start === span.end ? '' : 's within'} ${rangeLabel(span)}`
  }
  return `${side('start')}, ${side('end')}`
}
