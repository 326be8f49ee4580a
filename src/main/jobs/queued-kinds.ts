import { defaultSweepOf } from '../../contract/documents/answering-sweep'
import type { EvaluationEvent } from '../../contract/documents/evaluation'
import { evaluatedChoices, variantChoices } from '../../contract/documents/variant-choices'
import type { QueuedJob, QueuedWork, QueueProgress } from '../../contract/documents/queue'
import { progressShare } from '../../contract/work/progress'
import { endpointsAmong } from '../../contract/model/model'
import type { Endpoint } from '../../contract/model/external-model'
import { formatCount, plural } from '../../contract/words/format'
import { knownPartWords } from '../../contract/words/known-part'
import type { SweepEvent } from '../../contract/documents/sweep-events'
import { throwIfCancelled } from '../base/files/cancelling'
import { runCooperatively } from '../base/steps'
import { checkedSelection } from '../crc/check/checked-selection'
import type { ProjectPair } from '../project/pair/project-pair'
import { taskOf } from '../project/results/stored-evaluation'
import { newestLike } from '../project/results/sweep-history'
import type { EvaluationJob } from './evaluation-job'
import type { Evaluations } from './evaluations'
import type { JobFailure } from './job'
import type { Sweeps } from './sweeps'

/** How a job of the line goes on: how far it is, and at last how it ended. */
export type QueuedEvent = { type: 'progress'; progress: QueueProgress } | { type: 'finished' } | JobFailure

/** A job of the queue that runs. */
export interface BegunJob {
  /** The evaluation that it is; null where it is none. */
  readonly evaluationId: string | null
  /** Its events to its end. */
  readonly events: AsyncIterable<QueuedEvent>
}

/** A kind of work that can wait in line. */
export interface QueuedKind {
  /**
   * Begins it, or goes on with what it has begun.
   *
   * @param stop stops it at any moment
   * @throws WorkbenchError as the job; `cancelled` when it was stopped before it began
   */
  begin(pair: ProjectPair, job: QueuedJob, stop: AbortSignal): Promise<BegunJob>
  /** Whether the pair has what this would compute, and more: then it does not wait. @throws WorkbenchError where that cannot be told */
  isDone(own: ProjectPair): Promise<boolean>
  /** What one that was stopped has kept, as in `8 of 40 prompts`; null for nothing. @throws WorkbenchError where that cannot be read */
  kept(own: ProjectPair, job: QueuedJob): Promise<string | null>
  /** The endpoints that it has yet to ask. @throws WorkbenchError where that cannot be read */
  endpoints(own: ProjectPair, job: QueuedJob): Promise<Endpoint[]>
  /** How long one like it takes, in seconds, and by what that is told; null where nothing tells it. */
  last(own: ProjectPair, work: QueuedWork): Pick<QueueProgress, 'secondsLeft' | 'toldBy'> | null
}

const isPreview = (work: QueuedWork): boolean => work.kind === 'sweep' && work.preview

/** By the kind of work. */
export type QueuedKinds = Readonly<Record<QueuedWork['kind'], QueuedKind>>

export function queuedKinds(sweeps: Sweeps, evaluations: Evaluations): QueuedKinds {
  return {
    sweep: {
      async begin(own, { work }, stop) {
        const job = await sweeps.start(own, { fresh: false, preview: isPreview(work) }, stop)
        return { evaluationId: null, events: sweepEvents(job.watch()) }
      },
      isDone: async (own) => (await sweeps.wholeOfNext(own)) !== null,
      async kept(own) {
        const { known, interrupted } = await sweeps.knownOfNext(own)
        return interrupted ? knownPartWords(known) : null
      },
      endpoints: () => Promise.resolve([]),
      last: (own, work) => lastSweep(own, isPreview(work))
    },
    evaluation: {
      async begin(own, queued, stop) {
        const job = await beginEvaluation(evaluations, own, queued, stop)
        return { evaluationId: job.id, events: evaluationEvents(job.watch()) }
      },
      isDone: () => Promise.resolve(false),
      kept(own, { evaluationId }) {
        const stored = own.evaluations.runs.find(({ id }) => id === evaluationId)
        const { answerCount, answerTotal } = stored ?? { answerCount: 0, answerTotal: 0 }
        const words = `${formatCount(answerCount)} of ${plural(answerTotal, 'answer')}`
        return Promise.resolve(answerCount === 0 ? null : words)
      },
      async endpoints(own, { evaluationId }) {
        // One that has not begun takes base, post, recipes, checkpoints and ways to draw.
        const stored = own.evaluations.runs.find(({ id }) => id === evaluationId)
        if (stored === undefined) return []
        const { run } = await own.evaluations.read(stored.id)
        return endpointsAmong(run.variants.map(({ variant }) => variant))
      },
      last: () => null
    }
  }
}

/** How long the last sweep of a kind took; where there is only a preview, a whole one by its pace. */
export function lastSweep(
  own: Pick<ProjectPair, 'sweeps'> & {
    document: { settings: Pick<ProjectPair['document']['settings'], 'scoredBy' | 'device'> }
  },
  isPreviewed: boolean
): Pick<QueueProgress, 'secondsLeft' | 'toldBy'> | null {
  const { scoredBy, device } = own.document.settings
  const task = scoredBy.kind === 'task' ? scoredBy.taskId : null
  const like = newestLike(own, { task, device, isPreview: isPreviewed })
  if (like === undefined) return null
  const { seconds, computedRows, wholeRows } = like
  const toldBy = like.isPreview ? 'preview' : 'sweep'
  if (like.isPreview === isPreviewed) return { secondsLeft: seconds, toldBy }
  // How much a preview is to compute is planned when its turn comes.
  if (wholeRows === null || computedRows === 0) return null
  return { secondsLeft: (seconds * wholeRows) / computedRows, toldBy }
}

async function* sweepEvents(events: AsyncIterable<SweepEvent | JobFailure>): AsyncGenerator<QueuedEvent> {
  for await (const event of events) {
    if (event.type === 'snapshot' || event.type === 'progress') {
      yield { type: 'progress', progress: progressShare({ kind: 'sweep', progress: event.progress }) }
    } else if (event.type !== 'scores' && event.type !== 'notice') yield event
  }
}

async function* evaluationEvents(
  events: AsyncIterable<EvaluationEvent | JobFailure>
): AsyncGenerator<QueuedEvent> {
  for await (const event of events) {
    if (event.type !== 'progress') yield event
    else yield { type: 'progress', progress: progressShare({ kind: 'evaluate', progress: event.progress }) }
  }
}

async function beginEvaluation(
  evaluations: Evaluations,
  own: ProjectPair,
  job: QueuedJob,
  stop: AbortSignal
): Promise<EvaluationJob> {
  const { evaluationId, work } = job
  if (work.kind !== 'evaluation') throw new Error(`${work.kind} is no evaluation`)
  const stored = own.evaluations.runs.find(({ id }) => id === evaluationId)
  if (stored !== undefined) return evaluations.goOn(own, stored.id, stop)
  const task = await taskOf(own, work.task.id)
  const variants = (await offeredBy(own)).map(({ variant }) => ({ variant }))
  throwIfCancelled(stop, 'The evaluation')
  return evaluations.start(own, { task, variants, computing: work.computing }, stop)
}

/** What an evaluation of a pair begins with, as the window offers it: with what the sweep selects that it answers with, once checked. */
async function offeredBy(own: ProjectPair) {
  const { recipes, otherCheckpoints, settings } = own.document
  const answering = defaultSweepOf(own.sweeps)
  const selection =
    answering === undefined
      ? null
      : await runCooperatively(
          checkedSelection(
            await own.readSweep(answering.id),
            await own.readAnswerCheck(answering.id),
            settings.rho
          )
        )
  const range = selection?.selected ?? null
  const selected = range === null || answering === undefined ? null : { ...answering, ...range }
  return evaluatedChoices(variantChoices(recipes, otherCheckpoints, selected), answering)
}
