import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { CrcPrompts } from '../../contract/documents/crc'
import type { PairLocation } from '../../contract/documents/project'
import type { OtherCheckpoint } from '../../contract/model/checkpoint'
import { DEMO_PAIRS, DemoPair } from '../../contract/model/demo-pair'
import { resourcePath } from '../base/resources'
import { inspectOther } from '../checkpoint/other-checkpoint'
import { withCheckpoint, withCheckpointAt } from './pair/kept-checkpoints'
import { createProject } from './create-project'
import { projectsFolder } from '../base/files/paths'
import { openOrFollow } from './open-project'
import type { Project } from './project'
import { isProject } from './documents/project-file'
import { PROJECT_SUFFIX } from './project-name'

/* The built-in pairs of demo models, and the projects that show them. */

/** Names of the projects of built-in pairs: the current name, then names that earlier versions gave. */
const PROJECT_NAMES: Readonly<Record<DemoPair, readonly [string, ...string[]]>> = {
  stages: ['Demo in three stages'],
  blend: ['Blend demo', 'Demo project', 'Demo']
}

/** Opens the project of a built-in pair, and creates it if it does not exist. @param prompts of a new project */
export async function openOrCreateDemo(pair: DemoPair, prompts: CrcPrompts): Promise<Project> {
  const path = await demoPath(pair)
  if (await isProject(path)) {
    const project = await openOrFollow(path)
    if (project.readOnly === null) await updateCheckpointPaths(project, pair)
    return project
  }
  const [name] = PROJECT_NAMES[pair]
  const project = await createProject({
    folder: projectsFolder(),
    name,
    pair: { kind: 'demo', pair },
    prompts
  })
  for (const name of DEMO_PAIRS[pair].checkpoints) {
    const shipped = await shippedCheckpoint(pair, name)
    await project.firstPair.edit((document) => withCheckpoint(document, randomUUID(), shipped))
  }
  return project
}

/** Updates the paths of the shipped checkpoints, which are wrong if the program was moved. */
async function updateCheckpointPaths({ firstPair }: Project, pair: DemoPair): Promise<void> {
  for (const { id, name, path, fingerprint } of firstPair.document.otherCheckpoints) {
    if (!DEMO_PAIRS[pair].checkpoints.includes(name) || path === resourcePath(DEMO_PAIRS[pair].folder, name)) continue
    const shipped = await shippedCheckpoint(pair, name)
    if (shipped.fingerprint === fingerprint) await firstPair.edit((document) => withCheckpointAt(document, id, shipped))
  }
}

async function shippedCheckpoint(pair: DemoPair, name: string): Promise<OtherCheckpoint> {
  const path = resourcePath(DEMO_PAIRS[pair].folder, name)
  const { checkpoint } = await inspectOther(demoPaths(pair), path)
  return { name, path, fingerprint: checkpoint.fingerprint }
}

/** Returns the folder of a built-in pair's project: one that exists, else the one to create. */
export async function demoPath(pair: DemoPair): Promise<string> {
  const [name, ...earlier] = PROJECT_NAMES[pair]
  const pathOf = (name: string): string => join(projectsFolder(), `${name}${PROJECT_SUFFIX}`)
  for (const path of [name, ...earlier].map(pathOf)) if (await isProject(path)) return path
  return pathOf(name)
}

export function pairPaths(location: PairLocation): { base: string; post: string } {
  if (location.kind === 'folders') return { base: location.base, post: location.post }
  return demoPaths(location.pair)
}

/** Returns the built-in pair with these folders; undefined if there is none. */
export const demoPairAt = (folders: { base: string; post: string }): DemoPair | undefined =>
  DemoPair.options.find((pair) => {
    const { base, post } = demoPaths(pair)
    return folders.base === base && folders.post === post
  })

/** Returns the folder of a checkpoint that ships with a built-in pair; null for other pairs and names. */
export function demoCheckpoint(folders: { base: string; post: string }, name: string): string | null {
  const pair = demoPairAt(folders)
  if (pair === undefined || !DEMO_PAIRS[pair].checkpoints.includes(name)) return null
  return resourcePath(DEMO_PAIRS[pair].folder, name)
}

/** Returns the folders of a built-in pair. */
export function demoPaths(pair: DemoPair): { base: string; post: string } {
  const { folder } = DEMO_PAIRS[pair]
  return { base: resourcePath(folder, 'base'), post: resourcePath(folder, 'post') }
}
