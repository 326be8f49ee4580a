import type { JudgeEvent, JudgeProgress, JudgeSettings } from '../../contract/documents/judge'
import { judgeAnswers, judgeKey } from '../evaluation/judge'
import { Job } from './job'
import type { Project } from '../project/project'

/**
 * Has a stored evaluation's answers marked. Each verdict is stored at once; from the start the results show this judge's marks.
 *
 * @param typedKey an API key for this time only; undefined takes it from the environment, as the settings say
 */
export function createJudgeJob(
  project: Project,
  evaluationId: string,
  settings: JudgeSettings,
  typedKey: string | undefined
): Job<JudgeEvent, JudgeProgress> {
  const { evaluations } = project
  const event = (progress: JudgeProgress): JudgeEvent => ({ type: 'progress', progress })
  return new Job<JudgeEvent, JudgeProgress>({
    name: 'judging',
    async run(_id, facts, signal) {
      const key = judgeKey(settings, typedKey)
      const { run, samples, verdicts } = await evaluations.read(evaluationId)
      await evaluations.noteJudge(evaluationId, settings)
      let last = NOTHING_DONE
      await judgeAnswers(
        { run, samples, known: verdicts, settings, apiKey: key },
        {
          keep: (verdict) => evaluations.appendVerdict(evaluationId, verdict),
          progress(progress) {
            last = progress
            facts.set('progress', progress)
          }
        },
        signal
      )
      return { type: 'finished', progress: last }
    },
    snapshot: (_id, facts) => event(facts[0] ?? NOTHING_DONE),
    events: (facts) => facts.map(event)
  })
}

const NOTHING_DONE: JudgeProgress = { done: 0, total: 0, unreadable: 0 }
