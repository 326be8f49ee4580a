import type {
  JudgeEvent,
  JudgeProgress,
  JudgeSettings,
  JudgeVerdict,
  PairVerdict
} from '../../contract/documents/judge'
import { judgeAnswers, judgeKey } from '../evaluation/judge'
import { judgePairs } from '../evaluation/judge-pairs'
import { Job } from './job'
import type { ProjectPair } from '../project/project-pair'

/**
 * Has a stored evaluation's answers marked, or compared in pairs. Each verdict is stored at once; from the start the results show
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
      const { run, samples, verdicts, pairVerdicts } = await evaluations.read(evaluationId)
      await evaluations.noteJudge(evaluationId, settings)
      let last = NOTHING_DONE
      const progress = (now: JudgeProgress): void => {
        last = now
        facts.set('progress', now)
      }
      const asked = { run, samples, settings, apiKey: key }
      if (settings.pairs) {
        const keep = (verdict: PairVerdict): Promise<void> =>
          evaluations.appendPairVerdict(evaluationId, verdict)
        await judgePairs({ ...asked, known: pairVerdicts }, { keep, progress }, signal)
      } else {
        const keep = (verdict: JudgeVerdict): Promise<void> =>
          evaluations.appendVerdict(evaluationId, verdict)
        await judgeAnswers({ ...asked, known: verdicts }, { keep, progress }, signal)
      }
      return { type: 'finished', progress: last }
    },
    snapshot: (_id, facts) => event(facts[0] ?? NOTHING_DONE),
    events: (facts) => facts.map(event)
  })
}

const NOTHING_DONE: JudgeProgress = { done: 0, total: 0, unreadable: 0 }
