import type {
  GrowingSample,
  SampleEvent,
  SampleLine,
  SampleProgress,
  SampleRun
} from '../../contract/documents/samples'
import { progressShare } from '../../contract/work/progress'
import type { EngineClient } from '../engine/host'
import { droppingUnanswered, dropUnanswered } from '../work/dropping-unanswered'
import { type Facts, Job, type JobFailure, type JobWork } from './job'
import { endingNews, type TellJobNews } from './job-news'
import type { ProjectPair } from '../project/pair/project-pair'
import { type AnswersListener, makeAnswers } from '../samples/make-answers'
import type { PlannedAnswers } from '../samples/plan-answers'
import { withRecord } from '../samples/external-records'
import { computationOf, type SampleKey } from '../samples/run-samples'

export interface SampleJobOptions {
  engine: EngineClient
  /** Pair that stores the run. */
  pair: ProjectPair
  run: SampleRun
  planned: PlannedAnswers
  /** Answers that the run already has. */
  stored: readonly SampleLine[]
  tell: TellJobNews
}

const NAME = 'The sample run'

type SampleFact =
  | Extract<SampleEvent, { type: 'progress' }>
  | { type: 'finished'; line: SampleLine }
  | { type: 'growing'; sample: GrowingSample }

export type SampleJob = Job<SampleEvent, SampleFact>

/**
 * Creates a job that generates the missing answers of a stored run; its id is the run's. Each answer is stored when it
 * is finished. A run that ends before its first answer is removed.
 */
export function createSampleJob(options: SampleJobOptions): SampleJob {
  return new Job(new SampleWork(options), options.run.id)
}

class SampleWork implements JobWork<SampleEvent, SampleFact> {
  readonly name = 'the sample run'
  private stored: SampleRun

  constructor(private readonly options: SampleJobOptions) {
    this.stored = options.run
  }

  async run(_id: string, facts: Facts<SampleFact>, signal: AbortSignal): Promise<SampleEvent> {
    const { engine, pair, planned, stored } = this.options
    for (const [place, line] of stored.entries()) facts.set(`stored ${place}`, { type: 'finished', line })
    const { id } = this.stored
    const { seconds } = await makeAnswers(
      engine,
      { ...planned, stored, earlier: computationOf(this.stored) },
      this.listener(facts),
      signal
    ).catch(droppingUnanswered({ drop: () => pair.samples.dropUnanswered(id) }))
    return { type: 'finished', runId: id, seconds }
  }

  snapshot(_id: string, facts: readonly SampleFact[]): SampleEvent {
    const progress = facts.find((fact) => fact.type === 'progress')?.progress ?? NOT_STARTED
    return { type: 'snapshot', run: this.stored, samples: finishedOf(facts), progress }
  }

  events(facts: readonly SampleFact[]): SampleEvent[] {
    const progress = facts.filter((fact) => fact.type === 'progress')
    const finished = finishedOf(facts)
    const growing = facts.flatMap((fact) => (fact.type === 'growing' ? [fact.sample] : []))
    if (finished.length + growing.length === 0) return progress
    return [...progress, { type: 'samples', finished, growing }]
  }

  abandon(): Promise<void> {
    return dropUnanswered({ drop: () => this.options.pair.samples.dropUnanswered(this.stored.id) })
  }

  onEnd(ending: SampleEvent | JobFailure): void {
    this.options.tell(endingNews(NAME, ending))
  }

  /** Stores and reports answers as they come. */
  private listener(facts: Facts<SampleFact>): AnswersListener {
    const { pair, tell } = this.options
    return {
      planned: async (computation) => {
        if (computationOf(this.stored) !== null) return
        this.stored = await pair.samples.changeRun(this.stored.id, computation)
      },
      learned: async (record) => {
        const external = withRecord(this.stored.external, record)
        this.stored = await pair.samples.changeRun(this.stored.id, { external })
      },
      keep: (lines) => pair.samples.appendAnswers(this.stored.id, lines),
      progress: (progress) => {
        const { weights, precision } = this.stored
        facts.set('progress', { type: 'progress', progress, weights, precision })
        tell({ job: NAME, type: 'progress', ...progressShare({ kind: 'sample', progress }) })
      },
      samples: (finished, growing) => {
        // A finished answer replaces its partial text.
        for (const { key, line } of finished) facts.set(keyOf(key), { type: 'finished', line })
        for (const { key, sample } of growing) facts.set(keyOf(key), { type: 'growing', sample })
      }
    }
  }
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
