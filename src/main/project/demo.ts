import { join } from 'node:path'
import type { CrcPrompts } from '../../contract/documents/crc'
import type { PairLocation } from '../../contract/documents/project'
import { resourcePath } from '../base/resources'
import { createProject } from './create-project'
import { projectsFolder } from '../base/files/places'
import { openOrFollow } from './open-project'
import type { Project } from './project'
import { isProject } from './documents/project-file'
import { PROJECT_SUFFIX } from './project-name'

const DEMO_NAME = 'Demo'

/**
 * Opens the demo project in the projects folder; the first time it is created there with the built-in pair and `prompts`.
 *
 * @throws WorkbenchError as `openOrFollow` and `createProject`
 */
export async function openOrCreateDemo(prompts: CrcPrompts): Promise<Project> {
  if (await isProject(demoPath())) return openOrFollow(demoPath())
  return createProject({ folder: projectsFolder(), name: DEMO_NAME, pair: { kind: 'demo' }, prompts })
}

/** Where the demo project is, or will be. */
export function demoPath(): string {
  return join(projectsFolder(), `${DEMO_NAME}${PROJECT_SUFFIX}`)
}

/** The model folders of a project's pair. */
export function pairPaths(location: PairLocation): { base: string; post: string } {
  if (location.kind === 'folders') return { base: location.base, post: location.post }
  return { base: resourcePath('demo-pair', 'base'), post: resourcePath('demo-pair', 'post') }
}
