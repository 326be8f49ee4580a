import { join } from 'node:path'
import type { CrcPrompts } from '../../contract/documents/crc'
import type { PairLocation } from '../../contract/documents/project'
import { resourcePath } from '../base/resources'
import { createProject } from './create-project'
import { projectsFolder } from '../base/files/paths'
import { openOrFollow } from './open-project'
import type { Project } from './project'
import { isProject } from './documents/project-file'
import { PROJECT_SUFFIX } from './project-name'

const DEMO_NAME = 'Demo project'
/** The name in earlier versions. It was the name of the project's pair too. */
const EARLIER_NAME = 'Demo'

/** Opens the demo project. The first time it is created with the built-in pair and `prompts`. */
export async function openOrCreateDemo(prompts: CrcPrompts): Promise<Project> {
  const path = await demoPath()
  if (await isProject(path)) return openOrFollow(path)
  return createProject({ folder: projectsFolder(), name: DEMO_NAME, pair: { kind: 'demo' }, prompts })
}

/** Returns the folder of the demo project, which may not exist yet or have the name of an earlier version. */
export async function demoPath(): Promise<string> {
  const path = join(projectsFolder(), `${DEMO_NAME}${PROJECT_SUFFIX}`)
  const earlier = join(projectsFolder(), `${EARLIER_NAME}${PROJECT_SUFFIX}`)
  return !(await isProject(path)) && (await isProject(earlier)) ? earlier : path
}

export function pairPaths(location: PairLocation): { base: string; post: string } {
  if (location.kind === 'folders') return { base: location.base, post: location.post }
  return { base: resourcePath('demo-pair', 'base'), post: resourcePath('demo-pair', 'post') }
}
