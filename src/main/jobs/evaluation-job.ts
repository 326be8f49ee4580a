import {
  evaluationShare,
  type EvaluationEvent,
  type EvaluationProgress,
  type EvaluationRun
} from '../../contract/documents/evaluation'
import type { EngineClient } from '../engine/host'
import type { EvaluationWork } from '../work/evaluation'
import { Job } from './job'
import { endingNews, type TellJobNews } from './job-news'

export type EvaluationJob = Job<EvaluationEvent, EvaluationProgress>

/** Completes a stored evaluation, as a job; its id is the run's. */
export function createEvaluationJob(
  engine: EngineClient,
  work: EvaluationWork,
  tell: TellJobNews
): EvaluationJob {
  const { run } = work
  const event = (progress: EvaluationProgress): EvaluationEvent => ({
    type: 'progress',
    evaluationId: run.id,
    progress
  })
  return new Job<EvaluationEvent, EvaluationProgress>(
    {
      name: 'the evaluation',
      async run(_id, facts, signal) {
        const notify = (progress: EvaluationProgress): void => {
          facts.set('progress', progress)
          const { secondsLeft } = progress
          tell({ job: JOB, type: 'progress', share: evaluationShare(progress), secondsLeft })
        }
        const { seconds } = await work.compute({ engine, signal, notify })
        return { type: 'finished', evaluationId: run.id, seconds }
      },
      snapshot: (_id, facts) => event(facts[0] ?? notStarted(run)),
      events: (facts) => facts.map(event),
      abandon: () => work.abandon(),
      onEnd: (ending) => tell(endingNews(JOB, ending))
    },
    run.id
  )
}

const JOB = 'The evaluation'

function notStarted({ task, variants }: EvaluationRun): EvaluationProgress {
  return {
    phase: 'preparing',
    samplesDone: 0,
    samplesTotal: variants.length * task.prompts.length * task.settings.sampleCount,
    tokensPerSecond: null,
    secondsLeft: null,
    promptsScored: 0,
    promptsTotal: task.prompts.length
  }
}
