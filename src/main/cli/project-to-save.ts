import { WorkbenchError } from '../../contract/model/problem'
import type { PairLocation } from '../../contract/documents/project'
import { resolveModelFolder } from '../checkpoint/model-folder'
import { pairPaths } from '../project/demo'
import { openProject, type Project } from '../project/project'

/** Opens the project that a sweep is to be saved in. @throws WorkbenchError as `openProject`; `read-only` */
export async function openProjectToSave(path: string, tell: (text: string) => void): Promise<Project> {
  const project = await openProject(path)
  if (project.readOnly !== null) {
    throw new WorkbenchError(
      'read-only',
      `${project.path} cannot take the result. ${project.readOnly}`,
      'Copy it to a place that you can write to, or use --out.'
    )
  }
  for (const warning of project.warnings) tell(warning)
  return project
}

/** A project is about one pair: another pair's sweep in it would be shown as if it were of its own. */
export async function requireSamePair(pair: PairLocation, project: Project): Promise<void> {
  const [given, own] = [pairPaths(pair), pairPaths(project.document.pair)]
  for (const member of ['base', 'post'] as const) {
    const [givenFolder, ownFolder] = await Promise.all([given[member], own[member]].map(resolveModelFolder))
    if (givenFolder === ownFolder) continue
    throw new WorkbenchError(
      'mismatch',
      `The project ${project.path} has ${ownFolder} as ${member}, not ${givenFolder}.`,
      "Leave the pair out to sweep the project's own."
    )
  }
}
