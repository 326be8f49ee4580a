import type { CrcSweepRequest } from '../../crc/sweep/prepare-sweep'
import type { ProjectPair } from '../pair/project-pair'
import { taskOf } from './stored-evaluation'

/** What the project's next sweep asks: what the project chose to score by. @throws WorkbenchError `not-found` for a task that it no longer has */
export async function nextSweepPrompts(pair: ProjectPair): Promise<CrcSweepRequest['prompts']> {
  const choice = pair.document.settings.scoredBy
  if (choice.kind === 'crc') return pair.prompts
  const { taskId, sampling, draws } = choice
  return { kind: 'task', task: await taskOf(pair, taskId), sampling, draws }
}
