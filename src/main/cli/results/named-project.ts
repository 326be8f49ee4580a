import { WorkbenchError } from '../../../contract/model/problem'
import { isFile, isFolder } from '../../base/files/path-kinds'
import { absolutePath } from '../../base/files/paths'
import { openProject } from '../../project/open-project'
import type { Project } from '../../project/project'
import { PROJECT_SUFFIX } from '../../project/project-name'
import { shellCommand } from '../../report/shown-command'

/** Returns the command that creates a missing project. @param typed project as the command line names it */
export function newProjectAdvice(typed: string): string {
  const name = typed.endsWith(PROJECT_SUFFIX) ? typed : `${typed}${PROJECT_SUFFIX}`
  return `Create it with ${shellCommand([['slr', 'project', 'new', name, '--base', 'BASE', '--post', 'POST']])}`
}

/** Opens the project that the command line names. A missing one is refused with the command that creates it. */
export async function openNamedProject(typed: string, purpose: 'change' | 'view' = 'change'): Promise<Project> {
  try {
    return await openProject(typed, purpose)
  } catch (error) {
    const path = absolutePath(typed)
    if (!(error instanceof WorkbenchError) || (await isFolder(path)) || (await isFile(path))) throw error
    throw new WorkbenchError(error.problem.code, error.problem.message, newProjectAdvice(typed))
  }
}
