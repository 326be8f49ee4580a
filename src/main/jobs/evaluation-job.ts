import {
  evaluationShare,
  type EvaluationEvent,
  type EvaluationProgress,
  type EvaluationRun
} from '../../contract/documents/evaluation'
import type { EngineClient } from '../engine/host'
import { runEvaluation } from '../evaluation/run-evaluation'
import { droppingUnanswered, dropUnanswered } from './dropping-unanswered'
import { Job } from './job'
import { endingNews, type TellJobNews } from './job-news'
import type { EvaluationFiles } from '../project/documents/evaluation-files'
import type { ProjectPair } from '../project/pair/project-pair'
import type { SampledPair } from '../samples/generation'

export interface EvaluationJobOptions {
  engine: EngineClient
  /** Holds the run. */
  own: ProjectPair
  run: EvaluationRun
  pair: SampledPair
  stored: Pick<EvaluationFiles, 'samples' | 'scores'>
  tell: TellJobNews
}

export type EvaluationJob = Job<EvaluationEvent, EvaluationProgress>

/**
 * Does what a stored evaluation is missing, as a job; its id is the run's. Whatever is finished is stored at once; a run that ends
 * before its first answer is removed.
 */
export function createEvaluationJob(options: EvaluationJobOptions): EvaluationJob {
  const { engine, own, run, pair, stored, tell } = options
  const event = (progress: EvaluationProgress): EvaluationEvent => ({
    type: 'progress',
    evaluationId: run.id,
    progress
  })
  return new Job<EvaluationEvent, EvaluationProgress>(
    {
      name: 'the evaluation',
      async run(_id, facts, signal) {
        const seconds = await runEvaluation(
          engine,
          { run, pair, stored },
          {
            planned: (computation) => own.evaluations.noteComputation(run.id, computation),
            learned: (record) => own.evaluations.noteOutside(run.id, record),
            keepSamples: (lines) => own.evaluations.appendSamples(run.id, lines),
            keepScores: (scores) => own.evaluations.appendScores(run.id, scores),
            progress(progress) {
              facts.set('progress', progress)
              tell({
                job: JOB,
                type: 'progress',
                share: evaluationShare(progress),
                secondsLeft: progress.secondsLeft
              })
            }
          },
          signal
        ).catch(droppingUnanswered(own.evaluations, run.id))
        return { type: 'finished', evaluationId: run.id, seconds }
      },
      snapshot: (_id, facts) => event(facts[0] ?? notStarted(run)),
      events: (facts) => facts.map(event),
      abandon: () => dropUnanswered(own.evaluations, run.id),
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
