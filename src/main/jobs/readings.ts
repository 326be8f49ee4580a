import type { ChecksumsEvent } from '../../contract/documents/checksums'
import type { BytesProgress, DistancesEvent } from '../../contract/documents/distances'
import type { ValuesEvent } from '../../contract/documents/non-finite'
import { openPair } from '../checkpoint/pair'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { computeChecksums, computeDistances, findNonFinite } from '../readings/host'
import type { JobContext } from './job-context'
import type { JobTable } from './job-table'
import { createProgressJob } from './progress-job'
import { requireWritablePair } from './turns'

const NOT_STARTED: BytesProgress = { bytesDone: 0, bytesTotal: 0, bytesPerSecond: null, secondsLeft: null }

const eventOf = (progress: BytesProgress) => ({ type: 'progress' as const, progress })

/** Jobs that read all weights of a pair: layer distances, checksums, and the search for infinities and NaN. */
export class Readings {
  readonly distances: JobTable<DistancesEvent>
  readonly checksums: JobTable<ChecksumsEvent>
  readonly values: JobTable<ValuesEvent>

  constructor(private readonly context: JobContext) {
    this.distances = context.turns.jobs('distances')
    this.checksums = context.turns.jobs('checksums')
    this.values = context.turns.jobs('values')
  }

  /** Starts comparing the pair, and saves the distances. @throws WorkbenchError `busy` while a comparison runs */
  async startDistances(pair: ProjectPair): Promise<void> {
    requireWritablePair(pair, 'Layer distances')
    const { readings } = pair.project
    const folders = pairPaths(pair.document.location)
    await this.start<DistancesEvent>(pair, this.distances, 'The comparison', async (signal, onProgress) => {
      const { base, post } = await openPair(folders.base, folders.post)
      if ((await readings.distances(base.checkpoint.fingerprint, post.checkpoint.fingerprint)) !== null)
        return { type: 'finished', bytesRead: 0 }
      const distances = await computeDistances(folders, signal, onProgress)
      await readings.saveDistances(distances)
      return { type: 'finished', bytesRead: distances.bytesRead }
    })
  }

  async startChecksums(pair: ProjectPair): Promise<void> {
    requireWritablePair(pair, 'Checksums')
    const folders = pairPaths(pair.document.location)
    await this.start<ChecksumsEvent>(pair, this.checksums, 'Hashing', async (signal, onProgress) => {
      const documents = await computeChecksums(folders, signal, onProgress)
      for (const document of documents) await pair.project.readings.saveChecksums(document)
      return { type: 'finished' }
    })
  }

  /** Starts searching the pair's weights for infinities and NaN. The last event has the result. */
  async startValues(pair: ProjectPair): Promise<void> {
    const folders = pairPaths(pair.document.location)
    await this.start<ValuesEvent>(pair, this.values, 'The check of values', async (signal, onProgress) => ({
      type: 'finished',
      values: await findNonFinite(folders, signal, onProgress)
    }))
  }

  /** Starts a job beside jobs of other kinds. @param read reads the weights, and resolves with the last event */
  private async start<Event extends { type: string }>(
    pair: ProjectPair,
    table: JobTable<Event | ReturnType<typeof eventOf>>,
    title: string,
    read: (signal: AbortSignal, onProgress: (progress: BytesProgress) => void) => Promise<Event>
  ): Promise<void> {
    const { turns, publish } = this.context
    const job = createProgressJob<Event | ReturnType<typeof eventOf>>({
      name: title.toLowerCase(),
      first: eventOf(NOT_STARTED),
      news: { publish, job: title },
      run: (report, signal) =>
        read(signal, (progress) => {
          const { bytesDone, bytesTotal, secondsLeft } = progress
          const share = bytesTotal === 0 ? null : bytesDone / bytesTotal
          report(eventOf(progress), { share, secondsLeft })
        })
    })
    await turns.startBeside(pair, table, () => Promise.resolve(job))
  }
}
