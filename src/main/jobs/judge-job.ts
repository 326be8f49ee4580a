import type { JudgeEvent, JudgeProgress, JudgeSettings } from '../../contract/documents/judge'
import { judgeKey } from '../evaluation/judge'
import { judgeAsTold } from '../evaluation/judge-as-told'
import { verdictsOf } from '../project/results/stored-verdicts'
import { Job } from './job'
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
): Job<JudgeEvent, JudgeProgress> {
  const { evaluations } = own
  const event = (progress: JudgeProgress): JudgeEvent => ({ type: 'progress', progress })
  return new Job<JudgeEvent, JudgeProgress>({
    name: 'judging',
    async run(_id, facts, signal) {
      const key = judgeKey(settings, typedKey)
      const files = await evaluations.read(evaluationId)
      await evaluations.noteJudge(evaluationId, settings)
      let last = NOTHING_DONE
      await judgeAsTold(
        files,
        { settings, apiKey: key },
        verdictsOf(own, evaluationId),
        (now) => {
          last = now
          facts.set('progress', now)
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
