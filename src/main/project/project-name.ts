import { inputError } from '../../contract/model/problem'
import { projectNameComplaint, tidyProjectName } from '../../contract/model/project-name'

export const PROJECT_SUFFIX = '.slr'

/** Tidies the name of a project. @throws WorkbenchError `bad-input` when no folder can have this name */
export function projectName(typed: string): string {
  const complaint = projectNameComplaint(typed)
  if (complaint === null) return tidyProjectName(typed)
  throw inputError(
    `The project name ${JSON.stringify(typed)} ${complaint}.`,
    'Choose a name that can be a folder: letters, digits, spaces, - and _.'
  )
}
