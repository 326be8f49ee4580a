import { eventIterator } from '@orpc/contract'
import { StudyState } from '../../documents/study'
import { procedure, projectPath } from './procedure'

export const studyProcedures = {
  /**
   * Streams the state of the project's newest study, at once and after every change. The state is null if there is no
   * study. The stream never ends by itself.
   */
  watch: procedure.input(projectPath).output(eventIterator(StudyState.nullable()))
}
