import type { CrcSweepRequest } from '../../crc/sweep/prepare-sweep'
import type { PairDocument } from '../../../contract/documents/project'
import type { ProjectPair } from '../pair/project-pair'
import { taskOf } from './stored-evaluation'

/** What the project's next sweep asks: what the project chose to score by. @throws WorkbenchError `not-found` for a task that it no longer has */
export async function nextSweepPrompts(own: ProjectPair): Promise<CrcSweepRequest['prompts']> {
  const choice = own.document.settings.scoredBy
  if (choice.kind === 'crc') return own.prompts
  const { taskId, sampling, draws } = choice
  return { kind: 'task', task: await taskOf(own, taskId), sampling, draws }
}

type Setting = 'rho' | 'ranges' | 'rivals' | 'whatIf' | 'split' | 'soupSize' | 'memoryBytes'

/** A sweep of all ranges, uniform blends and baselines as the settings of a pair say; the window and studies sweep with it. */
export const sweepBySettings = (
  { rho, scoredBy, soupSize, memoryBytes }: PairDocument['settings'],
  asked: Omit<CrcSweepRequest, Setting>
): CrcSweepRequest => ({
  ...asked,
  ...{ rho, ranges: true, rivals: true, whatIf: true, soupSize, memoryBytes },
  split: scoredBy.kind === 'task' && scoredBy.split
})
