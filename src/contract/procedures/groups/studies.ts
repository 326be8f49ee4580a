import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { StudyState } from '../../documents/study'
import { procedure, projectPath } from './procedure'

export const studyProcedures = {
  /** How far the newest study of the project is, and again after every change; null where none was. Watching never ends by itself. */
  watch: procedure.input(projectPath).output(eventIterator(StudyState.nullable())),
  /** What was done in the project by hand, as a study's file, and what of it no study can say. */
  write: procedure
    .input(projectPath)
    .output(z.object({ fileName: z.string(), content: z.string(), leftOut: z.array(z.string()) }))
}
