import type { JudgeEvent, JudgeProgress, JudgeSettings } from '../../contract/documents/judge'
import { judgeKey } from '../evaluation/judge'
import { judgeEvaluation } from '../evaluation/judge-evaluation'
import { verdictsOf } from '../project/results/stored-verdicts'
import type { Job } from './job'
import { createProgressJob } from './progress-job'
import type { ProjectPair } from '../project/pair/project-pair'

/**
 * Has a stored evaluation's answers marked, compared in pairs, or read for what they mean. Each verdict is stored at once; from the start the results show
 * what this judge says.
 *
 * @param typedKey an API key for this time only; undefined takes it from the environment, as the settings say
 */
export function createJudgeJob(
  own: ProjectPair,
  evaluationId: string,
  settings: JudgeSettings,
  typedKey: string | undefined
): Job<JudgeEvent, JudgeEvent> {
  const { evaluations } = own
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
      await judgeEvaluation(files, { settings, apiKey }, verdictsOf(own, evaluationId), notify, signal)
      return { type: 'finished', progress: last }
    }
  })
}

const NOTHING_DONE: JudgeProgress = { done: 0, total: 0, unreadable: 0 }
