import { basename, dirname } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { builtinPromptSet } from '../crc/task/builtin-prompts'
import type { PairLocation } from '../../contract/documents/project'
import { elementAt, mapGet } from '../../contract/model/look-up'
import { WorkbenchError } from '../../contract/model/problem'
import { tidyProjectName } from '../../contract/model/project-name'
import { createProject, newProjectPath } from '../project/create-project'
import { openProject } from '../project/open-project'
import type { Project } from '../project/project'
import { isProject } from '../project/documents/project-file'
import { PROJECT_SUFFIX } from '../project/project-name'
import type { ProjectPair } from '../project/pair/project-pair'
import { expandStudy, studyPairName, type StudyStep } from './steps'
import { type StudiedPair, studiedPair } from './studied-pair'
import type { Study, StudyPair } from './study-file'
import { absolutePath, modelPath } from '../base/files/paths'

/** A study with absolute paths, its steps and its pairs. */
export interface ResolvedStudy {
  study: Study
  /** Path of the study's file. */
  path: string
  folder: string
  /** Path of its project, which may not exist yet. */
  projectPath: string
  named: NamedPaths
  steps: StudyStep[]
  pairs: Pick<StudiedPair, 'entry' | 'name' | 'location'>[]
}

/** Absolute paths that the user named on the command line. The study's file may come from another user. */
export interface NamedPaths {
  report?: string | undefined
  project?: string | undefined
}

/** Resolves the paths of a study. @param path absolute path of its file @throws WorkbenchError as `expandStudy` */
export function resolveStudy(read: Study, path: string, named: NamedPaths): ResolvedStudy {
  const study = named.report === undefined ? read : { ...read, report: named.report }
  const folder = dirname(path)
  const pairs = study.pairs.map((entry) => {
    const location = locationOf(folder, entry)
    return { entry, location, name: studyPairName(entry, location) }
  })
  return {
    study,
    path,
    folder,
    projectPath: newProjectPath(
      named.project ?? study.project ?? `${tidyProjectName(study.name)}${PROJECT_SUFFIX}`,
      folder
    ),
    named,
    steps: expandStudy(
      study,
      pairs.map(({ name }) => name)
    ),
    pairs
  }
}

function locationOf(folder: string, { demo, base = '', post = '' }: StudyPair): PairLocation {
  if (demo !== undefined) return { kind: 'demo', pair: demo }
  return { kind: 'folders', base: modelPath(base, folder), post: modelPath(post, folder) }
}

/** Returns a pair of the study. @throws RangeError for an unknown name */
export const pairEntryOf = ({ pairs }: ResolvedStudy, name: string): ResolvedStudy['pairs'][number] =>
  mapGet(new Map(pairs.map((pair) => [pair.name, pair])), name, 'pair')

/** Returns the path of a report. @param pair name of the pair; null for the report of all pairs */
export function reportPath({ study, folder, pairs }: ResolvedStudy, pair: string | null): string {
  const typed = study.report === undefined || study.report === false ? `${study.name}.html` : study.report
  const path = absolutePath(typed, folder)
  if (pairs.length === 1 || pair === null) return path
  const name = pair.replace(/[^\p{L}\p{N}._-]+/gu, '-')
  return path.replace(/(\.html?)?$/i, (ending) => `-${name}${ending || '.html'}`)
}

/** Opens the study's project, or creates it with the study's first pair. */
export async function openStudyProject({ projectPath, pairs }: ResolvedStudy): Promise<Project> {
  if (!(await isProject(projectPath))) {
    const { location, name } = elementAt(pairs, 0, 'pair')
    const project = await createProject({
      folder: dirname(projectPath),
      name: basename(projectPath),
      pair: location,
      prompts: await builtinPromptSet(location.kind === 'demo' ? 'demo-crc' : 'crc')
    })
    await project.renamePair(project.firstPair.id, name)
    return project
  }
  const project = await openProject(projectPath)
  if (project.readOnly === null) return project
  await project.close()
  throw new WorkbenchError(
    'read-only',
    `${project.path} cannot take the results. ${project.readOnly}`,
    'Copy it to a place that you can write to, and name that as the project of the study.'
  )
}

export const pairOfName = (project: Project, name: string): ProjectPair | null =>
  project.pairs.find(({ document }) => document.name === name) ?? null

/** Returns the project's pair of this name after storing the study's settings. Adds the pair if it is missing. */
export async function prepareProjectPair(
  project: Project,
  { study, folder }: ResolvedStudy,
  studyPair: ResolvedStudy['pairs'][number]
): Promise<{ projectPair: ProjectPair; studied: StudiedPair }> {
  const studied = await studiedPair(study, studyPair, folder, pairOfName(project, studyPair.name))
  const { location, name } = studyPair
  const pair = pairOfName(project, name) ?? (await project.addPair(location, name)).pair
  const { rendering, settings, prompts, ownTask } = studied
  const storedTask = (await project.tasks.list()).find(({ task }) => task.id === ownTask?.id)
  if (ownTask !== null && !isDeepStrictEqual(storedTask?.task, ownTask)) await project.tasks.save(ownTask)
  const { document } = pair
  if (!isDeepStrictEqual({ rendering, settings }, { rendering: document.rendering, settings: document.settings })) {
    await pair.update({ rendering, settings })
  }
  if (!isDeepStrictEqual(pair.prompts, prompts)) await pair.useSeparatePrompts(prompts)
  return { projectPair: pair, studied }
}
