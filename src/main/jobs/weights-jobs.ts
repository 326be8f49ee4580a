import type { ChecksumsEvent } from '../../contract/documents/checksums'
import type { BytesProgress, DistancesEvent } from '../../contract/documents/distances'
import type { ValuesEvent } from '../../contract/documents/non-finite'
import { openPair } from '../checkpoint/pair'
import { Job } from './job'
import { endingNews, type TellJobNews } from './job-news'
import type { ProjectPair } from '../project/pair/project-pair'
import { computeChecksums, computeDistances, findNonFinite } from '../readings/host'

interface WeightsJobOptions {
  pair: ProjectPair
  /** Model folders. */
  base: string
  post: string
  tell: TellJobNews
}

/**
 * Compares the pair and saves the distances in the project. Only file headers are read if the project has the distances
 * of these checkpoints.
 */
export const createDistancesJob = ({
  pair,
  base,
  post,
  tell
}: WeightsJobOptions): ReadingJob<DistancesEvent> =>
  readingJob<DistancesEvent>({
    name: 'the comparison of base and post',
    title: 'The comparison',
    tell,
    async read(signal, onProgress) {
      const checkpoints = await openPair(base, post)
      const [inBase, inPost] = [
        checkpoints.base.checkpoint.fingerprint,
        checkpoints.post.checkpoint.fingerprint
      ]
      if ((await pair.project.readings.distances(inBase, inPost)) !== null)
        return { type: 'finished', bytesRead: 0 }
      const distances = await computeDistances({ base, post }, signal, onProgress)
      await pair.project.readings.saveDistances(distances)
      return { type: 'finished', bytesRead: distances.bytesRead }
    }
  })

/** Hashes the pair's weight files and saves the checksums in the project. */
export const createChecksumsJob = ({
  pair,
  base,
  post,
  tell
}: WeightsJobOptions): ReadingJob<ChecksumsEvent> =>
  readingJob<ChecksumsEvent>({
    name: 'the hashing of checkpoints',
    title: 'Hashing',
    tell,
    async read(signal, onProgress) {
      const documents = await computeChecksums({ base, post }, signal, onProgress)
      for (const document of documents) await pair.project.readings.saveChecksums(document)
      return { type: 'finished' }
    }
  })

/** Searches the pair's weights for NaN and infinity. The last event has the result, and nothing is saved. */
export const createValuesJob = ({
  base,
  post,
  tell
}: Omit<WeightsJobOptions, 'pair'>): ReadingJob<ValuesEvent> =>
  readingJob<ValuesEvent>({
    name: 'the check of values',
    title: 'The check of values',
    tell,
    async read(signal, onProgress) {
      return { type: 'finished', values: await findNonFinite({ base, post }, signal, onProgress) }
    }
  })

const NOT_STARTED: BytesProgress = { bytesDone: 0, bytesTotal: 0, bytesPerSecond: null, secondsLeft: null }

interface ProgressEvent {
  type: 'progress'
  progress: BytesProgress
}
type ReadingJob<Event extends { type: string }> = Job<Event | ProgressEvent, BytesProgress>

interface Reading<Event> {
  /** Name for messages about defects. */
  name: string
  /** Name for news. */
  title: string
  tell: TellJobNews
  /** Reads the weights, and resolves with the event of the end. */
  read: (signal: AbortSignal, onProgress: (progress: BytesProgress) => void) => Promise<Event>
}

/** Creates a job that reads whole checkpoints and reports the number of bytes read. */
function readingJob<Event extends { type: string }>({
  name,
  title,
  tell,
  read
}: Reading<Event>): ReadingJob<Event> {
  return new Job<Event | ProgressEvent, BytesProgress>({
    name,
    run: (_id, facts, signal) =>
      read(signal, (progress) => {
        facts.set('progress', progress)
        const { bytesDone, bytesTotal, secondsLeft } = progress
        const share = bytesTotal === 0 ? null : bytesDone / bytesTotal
        tell({ job: title, type: 'progress', share, secondsLeft })
      }),
    snapshot: (_id, facts) => ({ type: 'progress', progress: facts[0] ?? NOT_STARTED }),
    events: (facts) => facts.map((progress) => ({ type: 'progress', progress })),
    onEnd: (ending) => tell(endingNews(title, ending))
  })
}
