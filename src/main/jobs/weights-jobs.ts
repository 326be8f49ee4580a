import type { ChecksumsEvent } from '../../contract/documents/checksums'
import type { BytesProgress, DistancesEvent } from '../../contract/documents/distances'
import type { ValuesEvent } from '../../contract/documents/non-finite'
import { openPair } from '../checkpoint/pair'
import { Job, type JobWork } from './job'
import { endingNews, type TellJobNews } from './job-news'
import type { ProjectPair } from '../project/project-pair'
import { computeChecksums, computeDistances, findNonFinite } from '../readings/host'

interface WeightsJobOptions {
  own: ProjectPair
  /** Model folders. */
  base: string
  post: string
  tell: TellJobNews
}

/**
 * Compares the pair and saves the distances with the project. Only files' headers are read when the project has the
 * distances of these very checkpoints.
 */
export function startDistancesJob({
  own,
  base,
  post,
  tell
}: WeightsJobOptions): Job<DistancesEvent, BytesProgress> {
  return new Job<DistancesEvent, BytesProgress>({
    name: 'the comparison of base and post',
    async run(_id, facts, signal) {
      const pair = await openPair(base, post)
      const [inBase, inPost] = [pair.base.checkpoint.fingerprint, pair.post.checkpoint.fingerprint]
      if ((await own.project.readings.distances(inBase, inPost)) !== null)
        return { type: 'finished', bytesRead: 0 }
      const distances = await computeDistances({ base, post }, signal, (progress) => {
        facts.set('progress', progress)
        tellProgress(tell, 'The comparison', progress)
      })
      await own.project.readings.saveDistances(distances)
      return { type: 'finished', bytesRead: distances.bytesRead }
    },
    ...bytesTold,
    onEnd: (ending) => tell(endingNews('The comparison', ending))
  })
}

/** Hashes the pair's weight files and saves the checksums with the project. */
export function startChecksumsJob({
  own,
  base,
  post,
  tell
}: WeightsJobOptions): Job<ChecksumsEvent, BytesProgress> {
  return new Job<ChecksumsEvent, BytesProgress>({
    name: 'the hashing of checkpoints',
    async run(_id, facts, signal) {
      const documents = await computeChecksums([base, post], signal, (progress) => {
        facts.set('progress', progress)
        tellProgress(tell, 'Hashing', progress)
      })
      for (const document of documents) await own.project.readings.saveChecksums(document)
      return { type: 'finished' }
    },
    ...bytesTold,
    onEnd: (ending) => tell(endingNews('Hashing', ending))
  })
}

/** Looks for NaN and infinity in the pair's weights; the last event says what was found, and nothing is saved. */
export function startValuesJob({
  base,
  post,
  tell
}: Omit<WeightsJobOptions, 'own'>): Job<ValuesEvent, BytesProgress> {
  return new Job<ValuesEvent, BytesProgress>({
    name: 'the check of values',
    async run(_id, facts, signal) {
      const values = await findNonFinite({ base, post }, signal, (progress) => {
        facts.set('progress', progress)
        tellProgress(tell, 'The check of values', progress)
      })
      return { type: 'finished', values }
    },
    ...bytesTold,
    onEnd: (ending) => tell(endingNews('The check of values', ending))
  })
}

const NOT_STARTED: BytesProgress = { bytesDone: 0, bytesTotal: 0, bytesPerSecond: null, secondsLeft: null }

interface ProgressEvent {
  type: 'progress'
  progress: BytesProgress
}

const bytesTold = {
  snapshot: (_id, facts) => ({ type: 'progress', progress: facts[0] ?? NOT_STARTED }),
  events: (facts) => facts.map((progress) => ({ type: 'progress', progress }))
} satisfies Pick<JobWork<ProgressEvent, BytesProgress>, 'snapshot' | 'events'>

function tellProgress(
  tell: TellJobNews,
  job: string,
  { bytesDone, bytesTotal, secondsLeft }: BytesProgress
): void {
  tell({ job, type: 'progress', share: bytesTotal === 0 ? null : bytesDone / bytesTotal, secondsLeft })
}
