import type { LineageEvent } from '../../contract/documents/lineage'
import { progressShare, progressStep } from '../../contract/work/progress'
import type { LineageSettings } from '../../contract/work/settings'
import { unlessCancelled } from '../base/files/cancelling'
import type { StoredShare } from '../crc/sweep/crc-sweep'
import type { ProjectPair } from '../project/pair/project-pair'
import { computeLineage, lineageParts, openProjectTraining, type Training } from '../work/lineage'
import { SweepWork } from '../work/sweep'
import { projectContext } from '../work/work-context'
import type { JobContext } from './job-context'
import type { JobTable, RunningJob } from './job-table'
import { createWorkJob } from './progress-job'

/** Jobs that compute a lineage: how scores change over the training stages between base and post. */
export class Lineages {
  readonly table: JobTable<LineageEvent>

  constructor(private readonly context: JobContext) {
    this.table = context.turns.jobs('lineage')
  }

  /** Starts a lineage of a pair, or resumes it. */
  start(pair: ProjectPair, settings: LineageSettings, stop: AbortSignal): Promise<RunningJob<LineageEvent>> {
    const prepare = async (signal: AbortSignal): Promise<RunningJob<LineageEvent>> => {
      const { training, work } = await unlessCancelled(signal, 'The lineage', this.open(pair, settings))
      return createWorkJob<LineageEvent>(this.context, {
        name: 'the lineage',
        first: { type: 'progress', share: null, secondsLeft: null, phase: 'preparing' },
        eventOf: (progress) => ({
          type: 'progress',
          phase: progressStep(progress).phase,
          ...progressShare(progress)
        }),
        async run(runtime) {
          const { document } = await computeLineage(training, work, runtime, pair.project.readings)
          await pair.saveLineage(document)
          await work.removeProgress()
          return { type: 'finished' }
        }
      })
    }
    return this.context.turns.start(pair, this.table, 'A lineage', prepare, stop)
  }

  /** Returns the share that an interrupted lineage has computed. */
  async storedShare(pair: ProjectPair, settings: LineageSettings): Promise<StoredShare> {
    const share = await (await this.open(pair, settings)).work.computedShare()
    if (share === null) throw new Error('a project keeps no partial lineages')
    return share
  }

  async open(pair: ProjectPair, settings: LineageSettings): Promise<{ training: Training; work: SweepWork }> {
    const training = await openProjectTraining(pair, settings.stages)
    const work = await SweepWork.open(settings, projectContext(pair), this.context.devices, {
      replaced: lineageParts(training)
    })
    return { training, work }
  }
}
