import type { Bootstrap } from '../documents/crc'
import type { RestorationRange } from '../model/recipe'
import { formatPercent, plural, rangeLabel, rangePhrase } from './format'

/** So often the range that is picked on resampled prompts is one of the plateau. */
const PLATEAU_SHARE = 0.95

/** The fewest ranges that together win so often; all that ever win where they do so less often. */
export function plateauOf({ wins }: Pick<Bootstrap, 'wins'>): Bootstrap['wins'] {
  let together = 0
  const members: Bootstrap['wins'] = []
  for (const win of [...wins].sort((a, b) => b.share - a.share)) {
    // Shares are counts of resamples: what their sum lacks in its last digits is not another range.
    if (together >= PLATEAU_SHARE - 1e-9) break
    members.push(win)
    together += win.share
  }
  return members
}

/** Which ranges the selection could as well have been, in words; null where none was ever picked. */
export function plateauWords(bootstrap: Pick<Bootstrap, 'wins'>): string | null {
  const members = plateauOf(bootstrap)
  const [first] = members
  if (first === undefined) return null
  const share = formatPercent(members.reduce((sum, win) => sum + win.share, 0))
  if (members.length === 1) return `${rangePhrase(first)} alone: ${share} of resamples`
  return `${plural(members.length, 'range')}, ${rangeEdges(members)}: ${share} of resamples`
}

/** Which starts and ends ranges have: "starts 13–16 with end 34". */
export function rangeEdges(ranges: readonly RestorationRange[]): string {
  const side = (name: string, layers: readonly number[]): string => {
    const span = { start: Math.min(...layers), end: Math.max(...layers) }
    return `${name}${span.start === span.end ? '' : 's'} ${rangeLabel(span)}`
  }
  const starts = side(
    'start',
    ranges.map(({ start }) => start)
  )
  return `${starts} with ${side(
    'end',
    ranges.map(({ end }) => end)
  )}`
}
