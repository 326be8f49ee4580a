import { readCheckedSweep } from '../project/results/checked-sweep'
import type { DemoPair } from '../../contract/model/demo-pair'
import type { Verdict } from '../../contract/documents/verdict'
import { elementAt } from '../../contract/model/look-up'
import type { Project } from '../project/project'
import type { ProjectPair } from '../project/pair/project-pair'
import { storedVerdict } from '../project/results/finding-of-selected'
import type { StepResult } from './step-result'
import type { StudyStep } from './steps'

export interface StudyVerdict {
  readonly pair: string
  /** The built-in pair; null for a pair of folders. */
  readonly demo: DemoPair | null
  /** Null for a sweep without ranges. */
  readonly verdict: Verdict | null
}

/** Returns the verdict on each pair whose sweep a study has computed or reused. */
export async function studyVerdicts(
  project: Project,
  steps: readonly StudyStep[],
  results: readonly StepResult[]
): Promise<StudyVerdict[]> {
  const verdicts: StudyVerdict[] = []
  for (const pair of project.pairs) {
    const sweepIds = steps.flatMap((step, index) =>
      step.pair === pair.document.name ? sweepOf(step, elementAt(results, index, 'result')) : []
    )
    const last = sweepIds.at(-1)
    if (last !== undefined) verdicts.push(await pairVerdict(pair, last))
  }
  return verdicts
}

/** Returns the id of the sweep that a step computed, reused or checked; empty for other steps and after a failure. */
const sweepOf = ({ kind, task }: StudyStep, { result }: StepResult): string[] =>
  result !== null && task === null && (kind === 'sweep' || kind === 'check') ? [result] : []

async function pairVerdict(pair: ProjectPair, sweepId: string): Promise<StudyVerdict> {
  const { sweep, check, selection } = await readCheckedSweep(pair, sweepId)
  const { name, location } = pair.document
  return {
    pair: name,
    demo: location.kind === 'demo' ? location.pair : null,
    verdict: await storedVerdict(pair, sweep, check, selection)
  }
}
