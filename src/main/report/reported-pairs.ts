import type { Selection } from '../../contract/documents/crc'
import type { EvaluationFinding } from '../../contract/documents/verdict'
import { findingOfSelected } from '../project/results/finding-of-selected'
import { defaultSweepOf } from '../../contract/documents/answering-sweep'
import type { SweepDocument } from '../../contract/documents/crc'
import type { ReportedPairs } from '../../contract/documents/report'
import { briefScoring, scoringKey } from '../../contract/documents/scored-by'
import { type OutlinedSweep, outlineSweep } from '../measures/outline-sweep'
import { transferSelections } from '../measures/transfer-selections'
import type { ProjectPair } from '../project/pair/project-pair'
import { problemOf } from '../base/rpc-problems'

/**
 * The pairs of a project side by side, by what a sweep of one of them is scored by: of each the sweep of that kind that it answers
 * with, under the limit that the pair is set to.
 *
 * @param sweep that the report shows; null without one
 * @returns null where there is nothing to compare
 */
export async function reportedPairs(
  own: ProjectPair,
  sweep: Pick<SweepDocument, 'scoredBy'> | null
): Promise<ReportedPairs | null> {
  const { pairs } = own.project
  if (pairs.length === 1 || sweep === null) return null
  const scoredBy = briefScoring(sweep.scoredBy)
  const read: { id: string; name: string; found: OutlinedSweep | null }[] = []
  for (const pair of pairs) {
    const found = await outlineOf(pair, scoringKey(scoredBy))
    read.push({ id: pair.id, name: pair.document.name, found })
  }
  return {
    scoredBy,
    shown: own.document.name,
    pairs: read.map(({ id, name, found }) => ({ id, name, outline: found?.outline ?? null })),
    transfers: transferSelections(
      read.map(({ id, found }) => ({
        id,
        state: found === null ? 'none' : 'read',
        side: found?.side ?? null
      }))
    )
  }
}

/** Null where the pair has none, or it cannot be read: opening the project has said so. */
async function outlineOf(pair: ProjectPair, scoring: string): Promise<OutlinedSweep | null> {
  const answering = defaultSweepOf(
    pair.sweeps.filter(({ scoredBy, source }) => source === null && scoringKey(scoredBy) === scoring)
  )
  if (answering === undefined) return null
  try {
    const [sweep, check] = [await pair.readSweep(answering.id), await pair.readAnswerCheck(answering.id)]
    const evaluationOf = (selection: Selection | null): Promise<EvaluationFinding | null> =>
      findingOfSelected(pair, answering.id, selection)
    return await outlineSweep(sweep, check, pair.document.settings.rho, evaluationOf)
  } catch (error) {
    if (problemOf(error) === null) throw error
    return null
  }
}
