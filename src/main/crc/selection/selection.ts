import { plural } from '../../../contract/words/format'
import type { CountedPrompt } from '../../../contract/documents/counted-scores'
import type { CategoryScore, RangeScore, Score, Selection } from '../../../contract/documents/crc'
import { type ScoreWords, scoreWords } from '../../../contract/words/score-words'
import type { Steps } from '../../base/steps'
import { bootstrap } from './bootstrap'
import { crossFit } from './cross-fit'
import { scoreTable } from './score-table'
import { DEFAULT_SEED } from '../../../contract/model/resampling'
import { selectRange } from './select-range'

/** Scores that a selection is computed from. `prompts` are parallel to the prompts of every score. */
interface ScoredRanges {
  readonly prompts: readonly CountedPrompt[]
  readonly post: Score
  readonly ranges: readonly RangeScore[]
}

/**
 * Selects a restoration range from the scores of a sweep, and computes how much the choice depends on the prompts.
 * Comparisons with baselines stay empty.
 */
export function* computeSelection(
  { prompts, post, ranges }: ScoredRanges,
  rho: number,
  { seed = DEFAULT_SEED, words = scoreWords({ kind: 'crc' }) }: { seed?: number | undefined; words?: ScoreWords } = {}
): Steps<Selection> {
  const range = selectRange(ranges, post, rho)
  const index = range === null ? null : ranges.indexOf(range)
  const table = scoreTable(prompts, post, ranges)
  const crossFitted = crossFit(table, rho)
  return {
    rho,
    minimumValidity: rho * post.validity,
    selected: range === null ? null : { start: range.start, end: range.end },
    reason: range === null ? reasonForNone(ranges, post, rho, words) : null,
    bootstrap: yield* bootstrap(table, index, rho, seed),
    crossFit: 'crossFit' in crossFitted ? crossFitted.crossFit : null,
    crossFitReason: 'reason' in crossFitted ? crossFitted.reason : null,
    baselines: [],
    families: [],
    budget: null,
    tempered: [],
    holdOut: null
  }
}

/** Explains to the user why no range is selected. */
function reasonForNone(ranges: readonly RangeScore[], post: CategoryScore, rho: number, words: ScoreWords): string {
  const minimum = rho * post.validity
  const valid = ranges.filter((range) => range.validity >= minimum)
  const diverse = ranges.filter((range) => range.diversity > post.diversity)
  const needed = `the minimum ${words.validity} ${number(minimum)} (${rho} × post's ${number(post.validity)})`
  if (ranges.length === 0) return 'No range was scored.'
  if (diverse.length === 0) {
    const best = ranges.reduce((a, b) => (b.diversity > a.diversity ? b : a))
    return (
      `No range has more ${words.diversity} than post (${number(post.diversity)}); ${layers(best)}, with the most, ` +
      `${best.start === best.end ? 'has' : 'have'} ${number(best.diversity)}.`
    )
  }
  if (valid.length === 0) {
    const best = ranges.reduce((a, b) => (b.validity > a.validity ? b : a))
    return (
      `No range reaches ${needed}; ${layers(best)}, with the most, ` +
      `${best.start === best.end ? 'has' : 'have'} ${number(best.validity)}.`
    )
  }
  const [reach, have] = [valid.length === 1 ? 'reaches' : 'reach', diverse.length === 1 ? 'has' : 'have']
  return (
    `${valid.length} of ${plural(ranges.length, 'range')} ${reach} ${needed} and ` +
    `${diverse.length} ${have} more ${words.diversity} than ` +
    `post (${number(post.diversity)}), but none does both.`
  )
}

function layers(range: RangeScore): string {
  return range.start === range.end ? `layer ${range.start}` : `layers ${range.start}–${range.end}`
}

function number(value: number): string {
  return value.toFixed(3)
}
