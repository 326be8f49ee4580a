import type { GrowingSample, SampleEvent, SampleLine, SampleProgress } from '../../contract/documents/samples'
import { progressShare } from '../../contract/work/progress'
import type { EngineClient } from '../engine/host'
import type { SampleKey } from '../samples/run-samples'
import type { SampleWork } from '../work/sample'
import { Job } from './job'
import type { TellJobNews } from './job-news'

type SampleFact =
  | Extract<SampleEvent, { type: 'progress' }>
  | { type: 'finished'; line: SampleLine }
  | { type: 'growing'; sample: GrowingSample }

export type SampleJob = Job<SampleEvent, SampleFact>

/** Creates a job that generates the missing answers of a stored run; its id is the run's. */
export function createSampleJob(engine: EngineClient, work: SampleWork, tell: TellJobNews): SampleJob {
  const { store } = work
  const { id } = store.run
  return new Job<SampleEvent, SampleFact>(
    {
      name: 'the sample run',
      async run(_id, facts, signal) {
        for (const [place, line] of store.answers.entries())
          facts.set(`stored ${place}`, { type: 'finished', line })
        const { seconds } = await work.compute(
          {
            engine,
            signal,
            notify(event) {
              if (event.type !== 'progress' || event.kind !== 'sample') return
              const { weights, precision } = store.run
              const progress = { type: 'progress', progress: event.progress, weights, precision } as const
              facts.set('progress', progress, progressShare(event))
            }
          },
          (finished, growing) => {
            // A finished answer replaces its partial text.
            for (const { key, line } of finished) facts.set(keyOf(key), { type: 'finished', line })
            for (const { key, sample } of growing) facts.set(keyOf(key), { type: 'growing', sample })
          }
        )
        return { type: 'finished', runId: id, seconds }
      },
      snapshot: (_id, facts) => ({
        type: 'snapshot',
        run: store.run,
        samples: finishedOf(facts),
        progress: facts.find((fact) => fact.type === 'progress')?.progress ?? NOT_STARTED
      }),
      events(facts) {
        const progress = facts.filter((fact) => fact.type === 'progress')
        const finished = finishedOf(facts)
        const growing = facts.flatMap((fact) => (fact.type === 'growing' ? [fact.sample] : []))
        if (finished.length + growing.length === 0) return progress
        return [...progress, { type: 'samples', finished, growing }]
      },
      abandon: () => work.abandon(),
      news: { tell, job: 'The sample run' }
    },
    id
  )
}

const NOT_STARTED: SampleProgress = {
  phase: 'preparing',
  samplesDone: 0,
  samplesTotal: 0,
  tokensPerSecond: null,
  secondsLeft: null
}

function finishedOf(facts: readonly SampleFact[]): SampleLine[] {
  return facts.flatMap((fact) => (fact.type === 'finished' ? [fact.line] : []))
}

function keyOf({ variant, prompt, index }: SampleKey): string {
  return `${variant}/${prompt}/${index}`
}
