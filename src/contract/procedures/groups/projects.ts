import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { PairId, ProjectChanges, ProjectState } from '../../documents/project'
import { ReportFormat } from '../../documents/report'
import { folderPath, ofPair, procedure, projectPath, seen } from './procedure'

export const projectProcedures = {
  /** Opens the demo project in the projects folder, creating it the first time. */
  openDemo: procedure.output(ProjectState),
  /** `folder` is the parent; the project becomes `folder/name.slr`. An existing one is refused. */
  create: procedure
    .input(
      z.object({ folder: folderPath, name: z.string().min(1).max(200), base: folderPath, post: folderPath })
    )
    .output(ProjectState),
  /** @param pair the first one when left out */
  open: procedure.input(projectPath.extend({ pair: PairId.optional() })).output(ProjectState),
  /**
   * The project with one of its pairs as it is, and again after every change, whoever made it; runs, results and the jobs
   * under way included. Watching never ends by itself, and keeps the project open; it fails with `not-found` once the pair
   * is removed.
   */
  watch: procedure.input(ofPair).output(eventIterator(ProjectState)),
  /** @param pair that the answer shows */
  update: procedure.input(ofPair.extend({ seen, changes: ProjectChanges })).output(ProjectState),
  /** The whole project as a page to save, with the sweep that its pair answers with unless another is named. */
  report: procedure
    .input(ofPair.extend({ format: ReportFormat, sweepId: z.string().optional() }))
    .output(z.object({ fileName: z.string(), content: z.string() })),
  close: procedure.input(projectPath).output(z.void())
}
