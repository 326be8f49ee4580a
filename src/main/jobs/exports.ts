import type { ExportEvent } from '../../contract/procedures/export'
import type { Recipe } from '../../contract/model/recipe'
import { modelFindings } from '../export/model-findings'
import { checkTarget, prepareExport } from '../export/prepare'
import { refuseExisting } from '../export/target'
import type { ExportRequest } from '../export/run-export'
import { unlessCancelled } from '../base/files/cancelling'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { createExportJob } from './export-job'
import type { JobTable } from './job-table'
import type { JobContext } from './job-context'

/** Exports of open projects. They neither need the engine nor change the project, so they go on beside other jobs. */
export class Exports {
  readonly table: JobTable<ExportEvent>

  constructor(private readonly context: JobContext) {
    this.table = context.turns.jobs('export')
  }

  /**
   * Starts writing a restored model.
   *
   * @returns its id
   * @throws WorkbenchError `busy` while another export of the project runs; `cancelled` when it was stopped before it began; as `prepareExport` and `checkTarget`
   */
  async start(own: ProjectPair, recipe: Recipe, target: string, overwrite: boolean): Promise<string> {
    const { turns, tell } = this.context
    const prepare = async (): Promise<ExportRequest> => {
      const prepared = await prepareExport(pairPaths(own.document.location), recipe)
      const { path, exists } = await checkTarget(prepared, target)
      refuseExisting({ path, exists }, overwrite)
      return { prepared, target: path, overwrite, findings: await modelFindings(own, prepared) }
    }
    const job = await turns.startBeside(own, this.table, async (signal) =>
      createExportJob(await unlessCancelled(signal, 'The export', prepare()), tell)
    )
    return job.id
  }
}
