import type { CategoryScore, Selection } from './crc'
import { formatDelta, formatPercent, formatScore, plural, rangeLabel, rangePhrase } from './format'

/** What the sweep found, in one sentence. */
export function headline(
  selection: Selection,
  post: CategoryScore,
  hybrid: CategoryScore | undefined
): string {
  if (selection.selected === null || hybrid === undefined) {
    return `No range to restore: ${selection.reason ?? 'none qualified'}`
  }
  return (
    `Restore ${rangePhrase(selection.selected)}: diversity up from ${formatScore(post.diversity)} to ` +
    `${formatScore(hybrid.diversity)} at validity ${formatScore(hybrid.validity)} (post ${formatScore(post.validity)})`
  )
}

export interface Assurance {
  label: string
  value: string
  detail: string
}

/**
 * How sure the selection is: the interval of its gain, how often it wins, and its score on prompts that did not pick
 * it. Each entry is one figure and the words that explain it.
 */
export function assurances(selection: Selection, gain: number): Assurance[] {
  const { bootstrap, crossFit, crossFitReason, selected } = selection
  const result: Assurance[] = []
  if (selected !== null && bootstrap.selected !== null) {
    const [low, high] = bootstrap.selected.diversityGain
    result.push({
      label: 'Gain in diversity',
      value: formatDelta(gain),
      detail: `${formatDelta(low)} to ${formatDelta(high)} in ${formatPercent(bootstrap.confidence)} of ${plural(bootstrap.resamples, 'resampling')} of the prompts`
    })
  }
  if (selected !== null) {
    const share = (start: number, end: number): number =>
      bootstrap.wins.find((win) => win.start === start && win.end === end)?.share ?? 0
    const own = share(selected.start, selected.end)
    const [rival] = bootstrap.wins.filter((win) => win.start !== selected.start || win.end !== selected.end)
    const place = rival !== undefined && rival.share > own ? 'more often wins' : 'next is'
    result.push({
      label: 'Same range wins',
      value: formatPercent(own),
      detail:
        rival === undefined
          ? 'of the resamplings; no other range ever wins'
          : `of the resamplings; ${place} ${rangeLabel(rival)} with ${formatPercent(rival.share)}`
    })
  }
  result.push(
    crossFit === null
      ? { label: 'On unseen prompts', value: '–', detail: crossFitReason ?? 'no cross-fitted score' }
      : {
          label: 'On unseen prompts',
          value: formatScore(crossFit.diversity),
          detail: `diversity when picked on half the prompts and scored on the other half (post ${formatScore(crossFit.postDiversity)})`
        }
  )
  return result
}
