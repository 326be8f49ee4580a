import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { PairId, ProjectChanges, ProjectState } from '../../documents/project'
import { ReportFormat } from '../../documents/report'
import { DemoPair } from '../../model/demo-pair'
import { folderPath, pairInput, procedure, projectPath, seenRevision } from './procedure'

export const projectProcedures = {
  /** Opens the project of a built-in pair in the projects folder, creating it the first time. */
  openDemo: procedure.input(z.object({ pair: DemoPair })).output(ProjectState),
  /** Creates the project `folder/name.slr`, where `folder` is the parent. It is rejected if the project exists. */
  create: procedure
    .input(z.object({ folder: folderPath, name: z.string().min(1).max(200), base: folderPath, post: folderPath }))
    .output(ProjectState),
  /** Opens a project, at its first pair unless `pair` is given. */
  open: procedure.input(projectPath.extend({ pair: PairId.optional() })).output(ProjectState),
  /** Streams the state of a project with one of its pairs, at once and after every change by any client. */
  watch: procedure.input(pairInput).output(eventIterator(ProjectState)),
  update: procedure.input(pairInput.extend({ seen: seenRevision, changes: ProjectChanges })).output(ProjectState),
  /** Undoes changes, oldest first. It fails with `stale` if one of the values has changed since. */
  revert: procedure
    .input(pairInput.extend({ changes: z.array(z.number().int()).min(1).max(1000) }))
    .output(ProjectState),
  /** Returns a report on the complete project as a file to save. It uses the pair's default sweep if none is named. */
  report: procedure
    .input(pairInput.extend({ format: ReportFormat, sweepId: z.string().optional() }))
    .output(z.object({ fileName: z.string(), content: z.string() })),
  close: procedure.input(projectPath).output(z.void())
}
