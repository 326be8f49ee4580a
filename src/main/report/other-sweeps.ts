import type { StoredCheckedSweep } from '../project/results/checked-sweep'
import { defaultSweepsByKind, sweepKind } from '../../contract/documents/default-sweep'
import type { SweepSummary } from '../../contract/documents/project'
import type { OtherSweep } from '../../contract/documents/report'
import { briefScoring } from '../../contract/documents/scored-by'
import { verdictOf, withoutModels } from '../../contract/words/verdict'
import { findRange } from '../../contract/model/strengths'

/* Sweeps that a report mentions beside the sweep that it shows: of other scorings, or restored to other sources. */

/** Returns the default sweep of every scoring and source except those of the shown sweep. @param sweeps newest first */
export function otherSweeps(sweeps: readonly SweepSummary[], shownId: string | undefined): SweepSummary[] {
  const shownSweep = sweeps.find(({ id }) => id === shownId)
  const others = sweeps.filter((sweep) => shownSweep === undefined || sweepKind(sweep) !== sweepKind(shownSweep))
  return defaultSweepsByKind(others)
}

export function reportedOtherSweep({ sweep, selection, check }: StoredCheckedSweep): OtherSweep {
  const { id, createdAt, source, scoredBy, prompts, post, ranges } = sweep
  const best = findRange(ranges, selection?.selected ?? null)
  return {
    id,
    createdAt,
    source,
    scoredBy: briefScoring(scoredBy),
    promptCount: prompts.length,
    // The names of better models are left out, because they may contain folders.
    verdict: selection === null ? null : withoutModels(verdictOf({ ...sweep, selection, check })),
    post: { validity: post.validity, diversity: post.diversity },
    best: best === undefined ? null : { range: best, validity: best.validity, diversity: best.diversity }
  }
}
