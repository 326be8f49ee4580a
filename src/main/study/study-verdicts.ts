import type { Objection } from '../../contract/documents/evaluation'
import type { Headline } from '../../contract/documents/headline'
import { at } from '../../contract/model/look-up'
import { headline } from '../../contract/words/headline'
import { inTurns } from '../base/steps'
import { checkedSelection } from '../crc/check/checked-selection'
import type { Project } from '../project/project'
import type { ProjectPair } from '../project/pair/project-pair'
import { objectionToSelected } from '../project/results/objection-to-selected'
import type { StepResult } from './step-result'
import type { StudyStep } from './steps'

/** The verdict of a study on one pair. */
export interface StudyVerdict {
  readonly pair: string
  /** Null for a sweep without ranges. */
  readonly headline: Headline | null
  readonly objection: Objection | null
}

/**
 * The verdict on each pair whose sweep a study has computed or reused.
 *
 * @param results of the steps, in the same order
 */
export async function studyVerdicts(
  project: Project,
  steps: readonly StudyStep[],
  results: readonly StepResult[]
): Promise<StudyVerdict[]> {
  const verdicts: StudyVerdict[] = []
  for (const pair of project.pairs) {
    const sweepIds = steps.flatMap((step, place) =>
      step.pair === pair.document.name ? sweepOf(step, at(results, place, 'result')) : []
    )
    const last = sweepIds.at(-1)
    if (last !== undefined) verdicts.push(await verdictOf(pair, last))
  }
  return verdicts
}

/** The id of the sweep that a step computed, reused or checked; empty for other steps and for one that failed. */
const sweepOf = ({ kind }: StudyStep, { result }: StepResult): string[] =>
  result !== null && (kind === 'sweep' || kind === 'check') ? [result] : []

async function verdictOf(pair: ProjectPair, sweepId: string): Promise<StudyVerdict> {
  const sweep = await pair.readSweep(sweepId)
  const check = await pair.readAnswerCheck(sweepId)
  const selection = await inTurns(checkedSelection(sweep, check, pair.document.settings.rho))
  return {
    pair: pair.document.name,
    headline: selection === null ? null : headline({ ...sweep, selection, check }),
    objection: await objectionToSelected(pair, sweepId, selection)
  }
}
