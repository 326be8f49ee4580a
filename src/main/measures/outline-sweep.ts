import { uncheckedHalves } from '../../contract/words/cross-fit-words'
import { checkOfRange, type CheckResult, rangePasses, rejectedRanges } from '../../contract/documents/answer-check'
import { type CategoryScore, onlyMeans, type Selection, type SweepDocument } from '../../contract/documents/crc'
import type { EvaluationFinding } from '../../contract/documents/verdict'
import type { SweepOutline } from '../../contract/documents/pairs-overview'
import { briefScoring } from '../../contract/documents/scored-by'
import { paretoFront } from '../../contract/model/pareto-front'
import type { RestorationRange } from '../../contract/model/recipe'
import { spanKey } from '../../contract/model/strengths'
import { verdictOf } from '../../contract/words/verdict'
import { bestBaseline, tooFewWords } from '../../contract/words/baseline-words'
import { scoreWords } from '../../contract/words/score-words'
import { runCooperatively } from '../base/steps'
import { checkedSelection } from '../crc/check/checked-selection'
import { type SelectionSide, validityKept } from './carried-selection'
import { promptsKey } from './matched-prompts'

/** A sweep's facts for the overview of pairs, and its part in transfers of selections between pairs. */
export interface OutlinedSweep {
  readonly outline: SweepOutline
  readonly side: SelectionSide
}

/**
 * Summarises a sweep for comparisons with other pairs, with the numbers of its verdict.
 * @param check the full-answer check; null if there is none
 * @param rho share of post's validity that the selected range keeps.
 * @param evaluationOf finds an evaluation of the selected range, which the verdict reports
 */
export async function outlineSweep(
  sweep: SweepDocument,
  check: CheckResult | null,
  rho: number,
  evaluationOf: (selection: Selection | null) => Promise<EvaluationFinding | null>
): Promise<OutlinedSweep> {
  const { id, createdAt, layerCount, ranges, prompts, preview } = sweep
  const selection = await runCooperatively(checkedSelection(sweep, check, rho))
  const evaluation = await evaluationOf(selection)
  const post = onlyMeans(sweep.post)
  const scores = new Map(ranges.map((range) => [spanKey(range), onlyMeans(range)]))
  const scoreOf = (range: RestorationRange): CategoryScore | undefined => scores.get(spanKey(range))
  const verdict = selection === null ? null : verdictOf({ ...sweep, selection, check, evaluation })
  // If post itself fails the prompts, no range is selected, as in the Ranges view.
  const selected = verdict?.state === 'unfit-prompts' ? null : (selection?.selected ?? null)
  const checked = selected === null ? null : checkOfRange(check, selected)
  const rejected = new Set(rejectedRanges(ranges, check, rho))
  const tooFew = selection === null ? null : tooFewWords(prompts.length, selection, scoreWords(sweep.scoredBy))
  const crossFit = tooFew === null ? (selection?.crossFit ?? null) : null
  return {
    side: { layerCount, rho, selected, post, scoreOf, passes: (range) => rangePasses(check, range, rho) },
    outline: {
      id,
      createdAt,
      scoredBy: briefScoring(sweep.scoredBy),
      checkpoints: { base: sweep.basePath.fingerprint, post: sweep.postPath.fingerprint },
      isChecked: check !== null,
      layerCount,
      rangeCount: ranges.length,
      estimatedCount: preview === null ? null : preview.ranges.length,
      promptCount: prompts.length,
      promptsKey: promptsKey(prompts),
      rho,
      post: { ...post, intervals: tooFew === null ? (selection?.bootstrap.post ?? null) : null },
      selected:
        selection === null
          ? null
          : outlineSelected(selected, scoreOf, post, tooFew === null ? selection.bootstrap.selected : null),
      answers:
        check === null || checked === null
          ? null
          : { post: onlyMeans(check.post.answers), selected: onlyMeans(checked.answers) },
      verdict,
      crossFit: crossFit === null ? null : withoutFolds(crossFit, check),
      crossFitReason: selection === null ? 'No range was scored.' : (tooFew ?? selection.crossFitReason),
      baseline: selection === null ? null : bestBaseline(selection),
      front: paretoFront(ranges.filter((range) => !rejected.has(range))).map((range) => ({
        range: bare(range),
        ...onlyMeans(range),
        kept: validityKept(range, post)
      }))
    }
  }
}

/** Describes the selected range. @param intervals from resampled prompts; null if there are too few prompts */
function outlineSelected(
  selected: RestorationRange | null,
  scoreOf: SelectionSide['scoreOf'],
  post: CategoryScore,
  intervals: Selection['bootstrap']['selected']
): SweepOutline['selected'] {
  const score = selected === null ? undefined : scoreOf(selected)
  if (selected === null || score === undefined) return null
  return {
    ...score,
    range: bare(selected),
    gain: score.diversity - post.diversity,
    kept: validityKept(score, post),
    intervals: intervals === null ? null : { validity: intervals.validity, diversity: intervals.diversity },
    gainInterval: intervals === null ? null : intervals.diversityGain
  }
}

/** Drops all fields of a score except its two means. */
/** Drops all fields of a range except its ends. */
const bare = ({ start, end }: RestorationRange): RestorationRange => ({ start, end })

function withoutFolds(
  crossFit: NonNullable<Selection['crossFit']>,
  check: CheckResult | null
): NonNullable<SweepOutline['crossFit']> {
  const { validity, diversity, postValidity, postDiversity } = crossFit
  return { validity, diversity, postValidity, postDiversity, unchecked: uncheckedHalves(crossFit, check) }
}
