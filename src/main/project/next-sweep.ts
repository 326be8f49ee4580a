import type { CrcSweepRequest } from '../crc/sweep/prepare-sweep'
import type { Project } from './project'
import { taskOf } from './stored-evaluation'

/** What the project's next sweep asks: what the project chose to score by. @throws WorkbenchError `not-found` for a task that it no longer has */
export async function nextSweepPrompts(project: Project): Promise<CrcSweepRequest['prompts']> {
  const choice = project.document.settings.scoredBy
  if (choice.kind === 'crc') return project.prompts
  const { taskId, sampling, draws } = choice
  return { kind: 'task', task: await taskOf(project, taskId), sampling, draws }
}
