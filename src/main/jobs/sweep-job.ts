import type { RestorationRange } from '../../contract/model/recipe'
import type { LiveEntry, SweepEvent, SweepProgress } from '../../contract/documents/sweep-events'
import { progressShare, type WorkEvent } from '../../contract/work/progress'
import { NOTHING_DONE } from '../crc/sweep/compute-sweep'
import { promptCountOf, scoredByOf } from '../crc/sweep/prepare-sweep'
import type { EngineClient } from '../engine/host'
import type { SweepWork } from '../work/sweep'
import { Job } from './job'
import type { PublishJobNews } from './job-news'

interface SweepJobOptions {
  engine: EngineClient
  sweep: SweepWork
  /** Number of layers of the pair, which watchers need while the job waits for its turn. */
  layerCount: number
  /** Returns the range that the user looks at, which a preview scores first; null for none. */
  viewedRange: () => RestorationRange | null
  publish: PublishJobNews
}

/** Facts that the job stores for its watchers: progress, the scores of a model, or a notice. */
type SweepFact =
  | { type: 'progress'; progress: SweepProgress }
  | { type: 'entry'; entry: LiveEntry }
  | Extract<SweepEvent, { type: 'notice' }>

export type SweepJob = Job<SweepEvent, SweepFact>

/** Creates the job of a sweep. Watchers receive scores while they are computed. The sweep is stored at the end. */
export function createSweepJob({ engine, sweep, layerCount, viewedRange, publish }: SweepJobOptions): SweepJob {
  const { request } = sweep
  return new Job<SweepEvent, SweepFact>({
    name: 'the sweep',
    async run(id, facts, signal) {
      const notify = (event: WorkEvent): void => {
        if (event.type === 'notice') facts.set(`notice ${event.message}`, event)
        else if (event.type === 'scores') {
          for (const entry of event.entries) facts.set(JSON.stringify(entry.model), { type: 'entry', entry })
        } else if (event.kind === 'sweep') {
          facts.set('progress', { type: 'progress', progress: event.progress }, progressShare(event))
        }
      }
      const document = await sweep.compute({ engine, signal, notify }, { id, viewedRange })
      await sweep.keep(document)
      await sweep.removeProgress()
      return { type: 'finished', sweepId: document.id }
    },
    snapshot(sweepId, facts) {
      const progress = facts.find((fact) => fact.type === 'progress')?.progress ?? NOTHING_DONE
      return {
        type: 'snapshot',
        sweepId,
        scoredBy: scoredByOf(request),
        layerCount,
        source: request.source ?? null,
        promptCount: promptCountOf(request),
        isPreview:
          request.preview === true && !facts.some((fact) => fact.type === 'notice' && fact.endsPreview === true),
        progress,
        entries: entriesOf(facts),
        notices: facts.flatMap((fact) => (fact.type === 'notice' ? [fact.message] : []))
      }
    },
    events(facts) {
      const entries = entriesOf(facts)
      const otherFacts = facts.filter((fact) => fact.type !== 'entry')
      return entries.length === 0 ? otherFacts : [...otherFacts, { type: 'scores', entries }]
    },
    news: { publish, job: 'The sweep' }
  })
}

function entriesOf(facts: readonly SweepFact[]): LiveEntry[] {
  return facts.flatMap((fact) => (fact.type === 'entry' ? [fact.entry] : []))
}
