import type { CrcSweepRequest } from '../../crc/sweep/prepare-sweep'
import type { ProjectPair } from '../pair/project-pair'
import { taskOf } from './stored-evaluation'

/** Returns the prompts or the task of the pair's next sweep. @throws WorkbenchError `not-found` for a removed task */
export async function nextSweepPrompts(pair: ProjectPair): Promise<CrcSweepRequest['prompts']> {
  const choice = pair.document.settings.scoredBy
  if (choice.kind === 'crc') return pair.prompts
  const { taskId, sampling, draws } = choice
  return { kind: 'task', task: await taskOf(pair, taskId), sampling, draws }
}
