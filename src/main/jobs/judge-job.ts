import type { JudgeEvent, JudgeProgress, JudgeSettings } from '../../contract/documents/judge'
import { judgeKey } from '../evaluation/judge'
import { judgeEvaluation } from '../evaluation/judge-evaluation'
import { verdictsOf } from '../project/results/stored-verdicts'
import type { Job } from './job'
import { createProgressJob } from './progress-job'
import type { ProjectPair } from '../project/pair/project-pair'

/**
 * Has the answers of a stored evaluation scored, compared in pairs, or grouped by meaning. Each verdict is stored at
 * once. The results show this judge from the start.
 *
 * @param typedKey API key for this job only; undefined reads the environment variable that the settings name
 */
export function createJudgeJob(
  pair: ProjectPair,
  evaluationId: string,
  settings: JudgeSettings,
  typedKey: string | undefined
): Job<JudgeEvent, JudgeEvent> {
  const { evaluations } = pair
  return createProgressJob<JudgeEvent>({
    name: 'judging',
    first: { type: 'progress', progress: NOTHING_DONE },
    async run(report, signal) {
      const apiKey = judgeKey(settings, typedKey)
      const files = await evaluations.read(evaluationId)
      await evaluations.noteJudge(evaluationId, settings)
      let last = NOTHING_DONE
      const notify = (progress: JudgeProgress): void => {
        last = progress
        report({ type: 'progress', progress })
      }
      await judgeEvaluation(files, { settings, apiKey }, verdictsOf(pair, evaluationId), notify, signal)
      return { type: 'finished', progress: last }
    }
  })
}

const NOTHING_DONE: JudgeProgress = { done: 0, total: 0, unreadable: 0 }
