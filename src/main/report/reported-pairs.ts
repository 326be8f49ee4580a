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
 * Compares the pairs of a project under the scoring of the shown sweep. Each pair has its default sweep of that kind,
 * under its own limit.
 *
 * @param sweep that the report shows; null without a sweep
 * @returns null if there is nothing to compare
 */
export async function reportedPairs(
  shownPair: ProjectPair,
  sweep: Pick<SweepDocument, 'scoredBy'> | null
): Promise<ReportedPairs | null> {
  const { pairs } = shownPair.project
  if (pairs.length === 1 || sweep === null) return null
  const scoredBy = briefScoring(sweep.scoredBy)
  const outlined: { id: string; name: string; sweep: OutlinedSweep | null }[] = []
  for (const pair of pairs) {
    const { name } = pair.document
    outlined.push({ id: pair.id, name, sweep: await outlineOf(pair, scoringKey(scoredBy)) })
  }
  return {
    scoredBy,
    shown: shownPair.document.name,
    pairs: outlined.map(({ id, name, sweep }) => ({ id, name, outline: sweep?.outline ?? null })),
    transfers: transferSelections(
      outlined.map(({ id, sweep }) => ({
        id,
        state: sweep === null ? 'none' : 'read',
        side: sweep?.side ?? null
      }))
    )
  }
}

/** Returns null without such a sweep, or if it cannot be read. A warning of the project names unreadable sweeps. */
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
