import type { Command } from 'commander'
import { pairNamed } from '../../project/pair-named'
import type { ProjectPair } from '../../project/pair/project-pair'
import { openNamedProject } from './named-project'
import { type ProjectOptions, requireProjectOfPair } from './project-to-save'

/**
 * Has something done with a pair of a project that is only looked at, so that whoever has it open may go on.
 *
 * @param work is given the pair that the command line names, or the project's only one; null when it names no project
 * @throws WorkbenchError as `openNamedProject` and `pairNamed`; UsageError for a pair without a project
 */
export async function withViewedPair<T>(
  { project: path, pair }: ProjectOptions,
  command: Command,
  work: (own: ProjectPair | null) => Promise<T>
): Promise<T> {
  requireProjectOfPair({ project: path, pair }, command)
  if (path === undefined) return work(null)
  const project = await openNamedProject(path, 'view')
  try {
    return await work(pairNamed(project, pair))
  } finally {
    await project.close()
  }
}
