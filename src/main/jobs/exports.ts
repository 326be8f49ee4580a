import type { ExportEvent, ExportProgress, ExportResult } from '../../contract/procedures/export'
import type { Recipe } from '../../contract/model/recipe'
import { modelFindings, safetyOf } from '../export/model-findings'
import { checkTarget, prepareExport, requestedForm } from '../export/prepare'
import { refuseExisting } from '../export/target'
import { type ExportRequest, runExport } from '../export/run-export'
import { unlessCancelled } from '../base/files/cancelling'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { Job } from './job'
import type { PublishJobNews } from './job-news'
import type { JobTable } from './job-table'
import type { JobContext } from './job-context'

interface RequestedExport {
  readonly recipe: Recipe
  /** Rank of a LoRA adapter to write instead of a full model; null for a full model. */
  readonly adapterRank: number | null
  readonly target: string
  readonly overwrite: boolean
}

/** Jobs that write a restored model into a folder. */
export class ExportJobs {
  readonly table: JobTable<ExportEvent>
  /** Results of the last exports, for windows that did not see their ends. */
  private readonly results = new WeakMap<ProjectPair, ExportResult>()

  constructor(private readonly context: JobContext) {
    this.table = context.turns.jobs('export')
  }

  /** Returns the result of the pair's last export; null for none, and once another begins. */
  resultOf(pair: ProjectPair): ExportResult | null {
    return this.results.get(pair) ?? null
  }

  /** Checks the request and starts the export. */
  async start(pair: ProjectPair, { recipe, adapterRank, target, overwrite }: RequestedExport): Promise<void> {
    const { turns, publish } = this.context
    const prepare = async (): Promise<ExportRequest> => {
      const folders = pairPaths(pair.document.location)
      const form = await requestedForm(folders, recipe, adapterRank)
      const prepared = await prepareExport(folders, recipe, form)
      const { path, exists } = await checkTarget(prepared, target)
      refuseExisting({ path, exists }, overwrite)
      const findings = await modelFindings(pair, prepared)
      return { prepared, target: path, overwrite, findings, safety: await safetyOf(pair, prepared) }
    }
    await turns.startBeside(pair, this.table, async (signal) => {
      const request = await unlessCancelled(signal, 'The export', prepare())
      this.results.delete(pair)
      return createExportJob(request, publish, (result) => this.results.set(pair, result))
    })
  }
}

function createExportJob(
  request: ExportRequest,
  publish: PublishJobNews,
  onResult: (result: ExportResult) => void
): Job<ExportEvent, Extract<ExportEvent, { type: 'progress' }>> {
  return new Job<ExportEvent, Extract<ExportEvent, { type: 'progress' }>>({
    name: 'the export',
    async run(_id, facts, signal) {
      const result = await runExport(request, signal, (progress) => {
        const { bytesDone, bytesTotal, secondsLeft } = progress
        const share = bytesDone / Math.max(1, bytesTotal)
        facts.set('progress', { type: 'progress', progress }, { share, secondsLeft })
      })
      onResult(result)
      return { type: 'finished', result }
    },
    snapshot: (_id, facts) => ({
      type: 'snapshot',
      recipe: request.prepared.recipe.name,
      path: request.target,
      progress: facts[0]?.progress ?? NOT_STARTED
    }),
    events: (facts) => [...facts],
    news: { publish, job: 'The export' }
  })
}

const NOT_STARTED: ExportProgress = {
  phase: 'preparing',
  file: '',
  bytesDone: 0,
  bytesTotal: 0,
  bytesPerSecond: null,
  secondsLeft: null
}
