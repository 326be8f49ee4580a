import type { CategoryScore, CrossFit, RangeScore, SweepDocument } from '../../../contract/documents/crc'
import type { SourceComparison, Unseen } from '../../../contract/documents/source-comparison'
import type { RestoredTo } from '../../../contract/model/checkpoint'
import { elementAt } from '../../../contract/model/look-up'
import type { RestorationRange } from '../../../contract/model/recipe'
import { scoreWords } from '../../../contract/words/score-words'
import type { Steps } from '../../base/steps'
import { sum } from '../../base/sums'
import { selectRange } from './select-range'
import { computeSelection } from './selection'
import { DEFAULT_SEED } from '../../../contract/model/resampling'

/** Identifies the checkpoint that layers are restored to. */
const sourceKey = (source: RestoredTo): string => source?.fingerprint ?? 'base'

/**
 * Reports whether sweeps differ only in their source, the checkpoint that layers are restored to. Sweeps of other
 * prompts, previews and sweeps with a hold-out split are excluded.
 */
export function areOverSources(sweeps: readonly SweepDocument[]): boolean {
  const [first] = sweeps
  if (first === undefined || new Set(sweeps.map(({ source }) => sourceKey(source))).size < 2) return false
  const sameTask = JSON.stringify([first.scoredBy, first.rendering.countLeadingSpace])
  return sweeps.every(
    (sweep) =>
      sweep.ranges.length > 0 &&
      sweep.preview === null &&
      sweep.holdOutSplit === null &&
      sweep.layerCount === first.layerCount &&
      sweep.postPath.fingerprint === first.postPath.fingerprint &&
      sweep.basePath.fingerprint === first.basePath.fingerprint &&
      JSON.stringify([sweep.scoredBy, sweep.rendering.countLeadingSpace]) === sameTask &&
      sweep.prompts.length === first.prompts.length &&
      sweep.prompts.every(({ key, category }, index) => {
        const other = elementAt(first.prompts, index, 'prompt')
        return key !== '' && key === other.key && category === other.category
      })
  )
}

/** Selects the best range over all sources as one choice. Of sweeps with the same source the first is used. */
export function* bestOverSources(
  sweeps: readonly SweepDocument[],
  rho: number,
  seed = DEFAULT_SEED
): Steps<SourceComparison> {
  const onePerSource = [...new Map(sweeps.toReversed().map((sweep) => [sourceKey(sweep.source), sweep])).values()]
  // A range of base wins a tie, because base comes first.
  const sorted = onePerSource.sort((a, b) => Number(a.source !== null) - Number(b.source !== null))
  const { layerCount, prompts, post, scoredBy } = elementAt(sorted, 0, 'sweep')
  const words = scoreWords(scoredBy)
  // Layers of source i are shifted by i * layerCount, so that the layer numbers of a range identify its source.
  const all = sorted.flatMap(({ ranges }, sourceIndex) =>
    ranges.map((range): RangeScore => ({
      ...range,
      start: range.start + sourceIndex * layerCount,
      end: range.end + sourceIndex * layerCount
    }))
  )
  const sourceIndexOf = ({ start }: { start: number }): number => Math.floor(start / layerCount)
  const joint = yield* computeSelection({ prompts, post, ranges: all }, rho, { seed, words })
  const selectedBySource = sorted.map(({ ranges }) => selectedOf(ranges, post, rho))
  const picked = joint.selected === null ? null : elementAt(sorted, sourceIndexOf(joint.selected), 'source')
  const range = joint.selected === null ? null : selectedOf(all, post, rho)
  const base = sorted.find(({ source }) => source === null)
  const ofBase =
    base === undefined ? null : yield* computeSelection({ prompts, post, ranges: base.ranges }, rho, { seed, words })
  const baseCrossFit = ofBase?.crossFit ?? null
  const gain = joint.bootstrap.selected?.diversityGain
  return {
    layerCount,
    rho,
    minimumValidity: joint.minimumValidity,
    promptCount: prompts.length,
    post: { validity: post.validity, diversity: post.diversity },
    sources: sorted.map(({ source, id, ranges }, sourceIndex) => ({
      source,
      sweepId: id,
      rangeCount: ranges.length,
      selected: elementAt(selectedBySource, sourceIndex, 'source'),
      wins: sum(joint.bootstrap.wins.flatMap((win) => (sourceIndexOf(win) === sourceIndex ? [win.share] : [])))
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
      joint.crossFit === null
        ? null
        : { over: unseen(joint.crossFit), ofBase: baseCrossFit === null ? null : unseen(baseCrossFit) }
  }
}

function selectedOf(
  ranges: readonly RangeScore[],
  post: CategoryScore,
  rho: number
): (RestorationRange & CategoryScore) | null {
  const range = selectRange(ranges, post, rho)
  if (range === null) return null
  return { start: range.start, end: range.end, validity: range.validity, diversity: range.diversity }
}

/** Drops the ranges that the two halves of the prompts selected. */
const unseen = ({ validity, diversity, postValidity, postDiversity }: CrossFit): Unseen => ({
  validity,
  diversity,
  postValidity,
  postDiversity
})
