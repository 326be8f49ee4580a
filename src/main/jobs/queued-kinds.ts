import { readCheckedSweep } from '../project/results/checked-sweep'
import { defaultSweepOf } from '../../contract/documents/default-sweep'
import { computingFromOptions } from '../../contract/documents/samples'
import { evaluatedChoices, variantChoices } from '../../contract/documents/variant-choices'
import { endpointsAmong } from '../../contract/model/model'
import type { Endpoint } from '../../contract/model/external-model'
import { formatCount, plural } from '../../contract/words/format'
import { knownPartWords } from '../../contract/words/known-part'
import type { ProgressShare } from '../../contract/work/progress'
import type { LineageSettings } from '../../contract/work/settings'
import type { QueuedJob, QueuedWork } from '../../contract/work/work-list'
import { throwIfCancelled } from '../base/files/cancelling'
import type { ProjectPair } from '../project/pair/project-pair'
import { taskOf } from '../project/results/stored-evaluation'
import { newestComparable } from '../project/results/sweep-history'
import type { EvaluationJob, EvaluationJobs } from './evaluations'
import type { JobFailure } from './job'
import type { RunningJob } from './job-table'
import type { Lineages } from './lineages'
import type { Sweeps } from './sweeps'

export type QueuedEvent = { type: 'progress'; progress: ProgressShare } | { type: 'finished' } | JobFailure

export interface BegunJob {
  /** Id of the stored evaluation; null for other kinds of jobs. */
  readonly evaluationId: string | null
  readonly events: AsyncIterable<QueuedEvent>
}

/** One kind of job, as the queue uses it. */
export interface QueuedKind {
  /**
   * Begins or resumes the job.
   *
   * @throws WorkbenchError as the job; `cancelled` if it was stopped while it was prepared
   */
  begin(pair: ProjectPair, job: QueuedJob, stop: AbortSignal): Promise<BegunJob>
  /** Reports whether the pair has the result already. */
  isDone(pair: ProjectPair): Promise<boolean>
  /** Describes the partial results of a stopped job, as in `8 of 40 prompts`; null for none. */
  describeSaved(pair: ProjectPair, job: QueuedJob): Promise<string | null>
  /** Returns the endpoints that the job has yet to call. @throws WorkbenchError if its run cannot be read */
  endpoints(pair: ProjectPair, job: QueuedJob): Promise<Endpoint[]>
  /** Estimates the duration of a job from an earlier job, and names the kind of the earlier job; null if unknown. */
  estimateFromEarlier(pair: ProjectPair, work: QueuedWork): Pick<ProgressShare, 'secondsLeft' | 'estimatedFrom'> | null
}

const isPreview = (work: QueuedWork): boolean => work.kind === 'sweep' && work.settings.preview === true

export type QueuedKinds = Readonly<Record<QueuedWork['kind'], QueuedKind>>

export function queuedKinds(sweeps: Sweeps, lineages: Lineages, evaluations: EvaluationJobs): QueuedKinds {
  return {
    sweep: {
      async begin(pair, { work }, stop) {
        const job = await sweeps.start(pair, { fresh: false, preview: isPreview(work) }, stop)
        return { evaluationId: null, events: queuedEvents(job) }
      },
      isDone: async (pair) => (await sweeps.fullSweepLikeNext(pair)) !== null,
      async describeSaved(pair) {
        const { known, interrupted } = await sweeps.storedShareOfNext(pair)
        return interrupted ? knownPartWords(known) : null
      },
      endpoints: () => Promise.resolve([]),
      estimateFromEarlier: (pair, work) => lastSweep(pair, isPreview(work))
    },
    lineage: {
      async begin(pair, queued, stop) {
        const job = await lineages.start(pair, settingsOfLineage(queued), stop)
        return { evaluationId: null, events: queuedEvents(job) }
      },
      isDone: () => Promise.resolve(false),
      async describeSaved(pair, queued) {
        const { known, interrupted } = await lineages.storedShare(pair, settingsOfLineage(queued))
        return interrupted ? knownPartWords(known) : null
      },
      endpoints: () => Promise.resolve([]),
      estimateFromEarlier: () => null
    },
    evaluate: {
      async begin(pair, queued, stop) {
        const job = await beginEvaluation(evaluations, pair, queued, stop)
        return { evaluationId: job.id, events: queuedEvents(job) }
      },
      isDone: () => Promise.resolve(false),
      describeSaved(pair, { evaluationId }) {
        const stored = pair.evaluations.runs.find(({ id }) => id === evaluationId)
        const { answerCount, answerTotal } = stored ?? { answerCount: 0, answerTotal: 0 }
        const words = `${formatCount(answerCount)} of ${plural(answerTotal, 'answer')}`
        return Promise.resolve(answerCount === 0 ? null : words)
      },
      async endpoints(pair, { evaluationId }) {
        // An evaluation that has not begun has only variants of the engine.
        const stored = pair.evaluations.runs.find(({ id }) => id === evaluationId)
        if (stored === undefined) return []
        const { run } = await pair.evaluations.read(stored.id)
        return endpointsAmong(run.variants.map(({ variant }) => variant))
      },
      estimateFromEarlier: () => null
    }
  }
}

/**
 * Estimates the duration of a sweep from the newest comparable one. Without a full sweep, a full sweep is estimated
 * from the pace of a preview. A preview is not estimated from a full sweep.
 */
export function lastSweep(
  pair: Pick<ProjectPair, 'sweeps'> & {
    document: { settings: Pick<ProjectPair['document']['settings'], 'scoredBy' | 'device'> }
  },
  isPreviewed: boolean
): Pick<ProgressShare, 'secondsLeft' | 'estimatedFrom'> | null {
  const { scoredBy, device } = pair.document.settings
  const task = scoredBy.kind === 'task' ? scoredBy.taskId : null
  const newest = newestComparable(pair, { task, device, isPreview: isPreviewed })
  if (newest === undefined) return null
  const { seconds, computedRows, wholeRows } = newest
  const estimatedFrom = newest.isPreview ? 'preview' : 'sweep'
  if (newest.isPreview === isPreviewed) return { secondsLeft: seconds, estimatedFrom }
  // The amount of work of a preview is unknown until its turn comes.
  if (wholeRows === null || computedRows === 0) return null
  return { secondsLeft: (seconds * wholeRows) / computedRows, estimatedFrom }
}

/** Converts the events of any job to those that the queue shows. */
async function* queuedEvents(job: RunningJob<{ type: string }>): AsyncGenerator<QueuedEvent> {
  let last = ''
  for await (const { type } of job.watch()) {
    last = type
    if (!job.over) yield { type: 'progress', progress: job.progress }
  }
  if (job.problem !== null) yield { type: 'failed', problem: job.problem }
  else yield { type: last === 'cancelled' ? 'cancelled' : 'finished' }
}

function settingsOfLineage({ work }: QueuedJob): LineageSettings {
  if (work.kind === 'lineage') return work.settings
  throw new Error(`${work.kind} is no lineage`)
}

/** Resumes the stored evaluation of a queued job, or starts a new one. */
async function beginEvaluation(
  evaluations: EvaluationJobs,
  pair: ProjectPair,
  job: QueuedJob,
  stop: AbortSignal
): Promise<EvaluationJob> {
  const { evaluationId, work } = job
  if (work.kind !== 'evaluate') throw new Error(`${work.kind} is no evaluation`)
  const { task: taskId, ...computing } = work.settings
  if (taskId === undefined) throw new Error('an evaluation without a task')
  const stored = pair.evaluations.runs.find(({ id }) => id === evaluationId)
  if (stored !== undefined) return evaluations.resume(pair, stored.id, stop)
  const task = await taskOf(pair, taskId)
  const variants = (await offeredBy(pair)).map(({ variant }) => ({ variant }))
  throwIfCancelled(stop, 'The evaluation')
  return evaluations.start(pair, { task, variants, computing: computingFromOptions(computing) }, stop)
}

/** Returns the variants that the window offers for an evaluation, with the checked selection of the pair's sweep. */
async function offeredBy(pair: ProjectPair) {
  const { recipes, otherCheckpoints } = pair.document
  const defaultSweep = defaultSweepOf(pair.sweeps)
  const checkedSweep = defaultSweep === undefined ? null : await readCheckedSweep(pair, defaultSweep.id)
  const range = checkedSweep?.selection?.selected ?? null
  const selected = range === null || defaultSweep === undefined ? null : { ...defaultSweep, ...range }
  return evaluatedChoices(variantChoices(recipes, otherCheckpoints, selected), defaultSweep)
}
