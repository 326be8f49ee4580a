import type { Command } from 'commander'
import { pairNamed } from '../../project/pair-named'
import type { ProjectPair } from '../../project/pair/project-pair'
import { openNamedProject } from './named-project'
import { type ProjectOptions, requireProjectOfPair } from './project-to-save'

/** Opens the project of `--project` for reading during some work; null without the option. */
export async function withViewedPair<T>(
  { project: path, pair }: ProjectOptions,
  command: Command,
  work: (projectPair: ProjectPair | null) => Promise<T>
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
