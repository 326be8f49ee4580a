import type { ExportEvent } from '../../contract/procedures/export'
import type { Recipe } from '../../contract/model/recipe'
import { knownScores } from '../export/known-scores'
import { checkTarget, prepareExport } from '../export/prepare'
import { refuseExisting } from '../export/target'
import { pairPaths } from '../project/demo'
import type { Project } from '../project/project'
import { startExportJob } from './export-job'
import type { JobTable } from './job-table'
import type { JobContext } from './job-context'

/** Exports of open projects. They neither need the engine nor change the project, so they go on beside other jobs. */
export class Exports {
  readonly table: JobTable<ExportEvent>

  constructor(private readonly context: JobContext) {
    this.table = context.turns.readingJobs('export', 'An export')
  }

  /**
   * Starts writing a restored model.
   *
   * @returns its id
   * @throws WorkbenchError `busy` while another export of the project runs; as `prepareExport` and `checkTarget`
   */
  async start(project: Project, recipe: Recipe, target: string, overwrite: boolean): Promise<string> {
    this.context.turns.requireNoneOf(project, this.table)
    const prepared = await prepareExport(pairPaths(project.document.pair), recipe)
    const { path, exists } = await checkTarget(prepared, target)
    refuseExisting({ path, exists }, overwrite)
    const scores = await knownScores(project, prepared)
    const request = { prepared, target: path, overwrite, scores }
    return this.table.add(project, startExportJob(request, this.context.tell))
  }
}
