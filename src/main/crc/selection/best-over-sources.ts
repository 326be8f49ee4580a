import type { CategoryScore, CrossFit, RangeScore, SweepDocument } from '../../../contract/documents/crc'
import type { SourceComparison, Unseen } from '../../../contract/documents/source-comparison'
import type { RestoredTo } from '../../../contract/model/checkpoint'
import { at } from '../../../contract/model/look-up'
import type { RestorationRange } from '../../../contract/model/recipe'
import { scoreWords } from '../../../contract/words/score-words'
import type { Steps } from '../../base/steps'
import { selectRange } from './select-range'
import { selection } from './selection'
import { DEFAULT_SEED } from '../../../contract/model/resampling'

const sourceKey = (source: RestoredTo): string => source?.fingerprint ?? 'base'

/**
 * Whether sweeps differ in nothing but what they restore layers to, so that their ranges can be chosen from together. A preview
 * has not scored all ranges, and one that chooses on half of its questions chooses on others than the rest.
 */
export function areOverSources(sweeps: readonly SweepDocument[]): boolean {
  const [first] = sweeps
  if (first === undefined || new Set(sweeps.map(({ source }) => sourceKey(source))).size < 2) return false
  const sameTask = JSON.stringify([first.scoredBy, first.rendering.countLeadingSpace])
  return sweeps.every(
    (sweep) =>
      sweep.ranges.length > 0 &&
      sweep.preview === null &&
      sweep.halves === null &&
      sweep.layerCount === first.layerCount &&
      sweep.postPath.fingerprint === first.postPath.fingerprint &&
      sweep.basePath.fingerprint === first.basePath.fingerprint &&
      JSON.stringify([sweep.scoredBy, sweep.rendering.countLeadingSpace]) === sameTask &&
      sweep.prompts.length === first.prompts.length &&
      sweep.prompts.every(({ key, category }, index) => {
        const other = at(first.prompts, index, 'prompt')
        return key !== '' && key === other.key && category === other.category
      })
  )
}

/**
 * What the rule of a sweep's selection takes of the ranges of all sources together, and how sure that is: resampled and
 * cross-fitted as one choice, since the best of several sources is picked from more candidates than the best of one.
 *
 * @param sweeps of which {@link areOverSources} holds; of several of one source the first counts
 */
export function* bestOverSources(
  sweeps: readonly SweepDocument[],
  rho: number,
  seed = DEFAULT_SEED
): Steps<SourceComparison> {
  const ofEach = [...new Map(sweeps.toReversed().map((sweep) => [sourceKey(sweep.source), sweep])).values()]
  // Base first, so that of equals base's range is taken.
  const own = ofEach.sort((a, b) => Number(a.source !== null) - Number(b.source !== null))
  const { layerCount, prompts, post, scoredBy } = at(own, 0, 'sweep')
  const words = scoreWords(scoredBy)
  // Layers of the second source are numbered on from those of the first, and so on: a range then tells its source.
  const all = own.flatMap(({ ranges }, place) =>
    ranges.map((range): RangeScore => ({
      ...range,
      start: range.start + place * layerCount,
      end: range.end + place * layerCount
    }))
  )
  const placeOf = ({ start }: { start: number }): number => Math.floor(start / layerCount)
  const joint = yield* selection(prompts, post, all, rho, seed, words)
  const alone = own.map(({ ranges }) => selectedOf(ranges, post, rho))
  const picked = joint.selected === null ? null : at(own, placeOf(joint.selected), 'source')
  const range = joint.selected === null ? null : selectedOf(all, post, rho)
  const base = own.find(({ source }) => source === null)
  const ofBase =
    base === undefined ? null : (yield* selection(prompts, post, base.ranges, rho, seed, words)).crossFit
  const gain = joint.bootstrap.selected?.diversityGain
  return {
    layerCount,
    rho,
    minimumValidity: joint.minimumValidity,
    promptCount: prompts.length,
    post: { validity: post.validity, diversity: post.diversity },
    sources: own.map(({ source, id, ranges }, place) => ({
      source,
      sweepId: id,
      rangeCount: ranges.length,
      selected: at(alone, place, 'source'),
      wins: joint.bootstrap.wins
        .filter((win) => placeOf(win) === place)
        .reduce((sum, { share }) => sum + share, 0)
    })),
    best:
      picked === null || range === null || gain === undefined
        ? null
        : {
            source: picked.source,
            range: { ...range, start: range.start % layerCount, end: range.end % layerCount },
            gain
          },
    unseen:
      joint.crossFit === null ? null : { over: unseen(joint.crossFit), ofBase: ofBase && unseen(ofBase) }
  }
}

/** What the rule takes of some ranges; null where none qualifies. */
function selectedOf(
  ranges: readonly RangeScore[],
  post: CategoryScore,
  rho: number
): (RestorationRange & CategoryScore) | null {
  const validity = ranges.map((range) => range.validity)
  const diversity = ranges.map((range) => range.diversity)
  const range = ranges[selectRange(ranges, validity, diversity, post, rho)]
  if (range === undefined) return null
  return { start: range.start, end: range.end, validity: range.validity, diversity: range.diversity }
}

const unseen = ({ validity, diversity, postValidity, postDiversity }: CrossFit): Unseen => ({
  validity,
  diversity,
  postValidity,
  postDiversity
})
