import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import type { PairLocation } from '../../../contract/documents/project'
import { inputError, mismatchError, WorkbenchError } from '../../../contract/model/problem'
import { MIN_RESULT_BYTES, requireRoom } from '../../base/files/room'
import { resolveModelFolder } from '../../checkpoint/model-folder'
import { pairPaths } from '../../project/demo'
import { pairNamed } from '../../project/pair-named'
import type { Project } from '../../project/project'
import type { ProjectPair } from '../../project/pair/project-pair'
import { optionGroup, type OptionsOf } from '../options/option-group'
import { text } from '../options/option-kinds'
import { pairIfGiven, type PairOptions, requirePair, usageError } from '../options/options'
import { requireAllDone, resultEndWords, runWorkList } from '../../work/work-list'
import { remark, UsageError } from '../printing/output'
import { absolutePath } from '../../base/files/paths'
import { openProject } from '../../project/open-project'
import { PROJECT_SUFFIX } from '../../project/project-name'
import { shellCommand } from '../../report/shown-command'

export const pairOption = optionGroup().options({
  pair: text('<name>', 'pair of the project (default: its only one)')
})

export const projectOptions = (what: string) =>
  optionGroup()
    .options({
      project: text('<folder>', what)
    })
    .and(pairOption)
type ProjectOptions = OptionsOf<ReturnType<typeof projectOptions>>

/** Opens the project for a result. @returns the named pair, or the only one; null without a project */
export async function openPairToSave(
  { project: path, pair }: ProjectOptions,
  command: Command,
  note: (text: string) => void
): Promise<ProjectPair | null> {
  requireProjectOfPair({ project: path, pair }, command)
  return path === undefined ? null : openPairOfProject(path, pair, note)
}

/** Opens a pair of a project for changes. @throws WorkbenchError `read-only`; as `pairNamed` */
export async function openPairOfProject(
  path: string,
  pair: string | undefined,
  note: (text: string) => void
): Promise<ProjectPair> {
  const project = await openToSave(path, note)
  try {
    return pairNamed(project, pair)
  } catch (error) {
    await project.close()
    throw error
  }
}

/** Refuses `--pair` without `--project`. @throws UsageError */
function requireProjectOfPair({ project, pair }: ProjectOptions, command: Command): void {
  if (project !== undefined || pair === undefined) return
  throw usageError(command, '--pair names a pair of a project: give --project FOLDER too')
}

async function openToSave(path: string, note: (text: string) => void): Promise<Project> {
  const project = await openNamedProject(path)
  try {
    await requireRoom(project.path, MIN_RESULT_BYTES)
    if (project.readOnly !== null) {
      throw new WorkbenchError(
        'read-only',
        `${project.path} cannot be changed. ${project.readOnly}`,
        'Copy it to a writable folder. Commands with --out need no project.'
      )
    }
  } catch (error) {
    await project.close()
    throw error
  }
  for (const warning of project.warnings) note(warning)
  return project
}

/** Does work for every pair of a project. @throws WorkbenchError after the last pair, with the names of failed pairs */
export async function inEachPair(
  path: string,
  signal: AbortSignal,
  note: (text: string) => void,
  work: (pair: ProjectPair) => Promise<void>
): Promise<void> {
  const project = await openToSave(path, note)
  try {
    const entries = project.pairs.map((pair) => ({ key: pair.document.name, needs: [], pair }))
    const results = await runWorkList(entries, {
      name: 'The work',
      signal,
      begins: ({ key }, position) => note(`${position} of ${entries.length}: ${key}`),
      async run({ pair }) {
        try {
          await work(pair)
        } catch (error) {
          // A usage error would end the whole command. As an input error it fails only this pair.
          throw error instanceof UsageError ? inputError(error.message) : error
        }
        return { outcome: 'computed' }
      },
      resultIfNotDone: {},
      ended: (_, result) => {
        if (result.problem !== null) remark(resultEndWords(result))
      }
    })
    requireAllDone(results, 'pair')
  } finally {
    await project.close()
  }
}

/** Refuses a project of other models, because it would show the result as one of its models. */
export async function requireSamePair(requested: PairLocation | null, projectPair: ProjectPair | null): Promise<void> {
  if (requested === null || projectPair === null) return
  const [requestedPaths, projectPaths] = [pairPaths(requested), pairPaths(projectPair.document.location)]
  for (const member of ['base', 'post'] as const) {
    const requestedFolder = await resolveModelFolder(requestedPaths[member])
    const projectFolder = await resolveModelFolder(projectPaths[member])
    if (requestedFolder === projectFolder) continue
    throw mismatchError(
      `The project ${projectPair.project.path} has ${projectFolder} as ${member}, not ${requestedFolder}.`,
      'Leave the pair out to use that of the project.'
    )
  }
}

/** Returns the pair of a command: of its options, else of the project. @throws WorkbenchError if both differ */
export async function pairOfCommand(
  options: PairOptions,
  projectPair: ProjectPair | null,
  command: Command
): Promise<PairLocation> {
  const requested = await pairIfGiven(options, command)
  await requireSamePair(requested, projectPair)
  return requested ?? projectPair?.document.location ?? (await requirePair(options, command))
}

/** Returns the options that name a pair of a project in a shown command. */
export function projectArguments({ project, document }: ProjectPair): string[] {
  const named = project.pairs.length === 1 ? [] : ['--pair', document.name]
  return ['--project', project.path, ...named]
}

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
    if (!(error instanceof WorkbenchError) || error.problem.code !== 'not-found' || existsSync(absolutePath(typed)))
      throw error
    throw new WorkbenchError(error.problem.code, error.problem.message, newProjectAdvice(typed))
  }
}
