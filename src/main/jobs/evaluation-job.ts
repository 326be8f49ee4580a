import type { EvaluationEvent, EvaluationProgress, EvaluationRun } from '../../contract/documents/evaluation'
import { progressShare } from '../../contract/work/progress'
import type { EngineClient } from '../engine/host'
import type { EvaluationWork } from '../work/evaluation'
import type { Job } from './job'
import type { TellJobNews } from './job-news'
import { createProgressJob } from './progress-job'

export type EvaluationJob = Job<EvaluationEvent, EvaluationEvent>

/** Completes a stored evaluation, as a job; its id is the run's. */
export function createEvaluationJob(
  engine: EngineClient,
  work: EvaluationWork,
  tell: TellJobNews
): EvaluationJob {
  const { run } = work
  const evaluationId = run.id
  const progressEvent = (progress: EvaluationProgress): EvaluationEvent => ({
    type: 'progress',
    evaluationId,
    progress
  })
  return createProgressJob<EvaluationEvent>({
    name: 'the evaluation',
    id: evaluationId,
    first: progressEvent(notStarted(run)),
    news: { tell, job: 'The evaluation' },
    async run(report, signal) {
      const { seconds } = await work.compute({
        engine,
        signal,
        notify(event) {
          if (event.type === 'progress' && event.kind === 'evaluate')
            report(progressEvent(event.progress), progressShare(event))
        }
      })
      return { type: 'finished', evaluationId, seconds }
    },
    abandon: () => work.abandon()
  })
}

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
