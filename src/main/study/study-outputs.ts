import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { WorkbenchError } from '../../contract/model/problem'
import { requireWritable } from '../base/files/atomic-file'
import { liesWithin } from '../base/files/only-folder'
import { projectsFolder } from '../base/files/places'
import { MIN_RESULT_BYTES, requireRoom } from '../base/files/room'
import { requireReplaceableReport } from './replaceable-report'
import type { StudyStep } from './steps'
import { type PlacedStudy, reportPath } from './study-project'

/* Checks before hours of work that a study can write its outputs. */

/** @throws WorkbenchError `bad-input` for a path outside the study's folder that only its file names */
async function requireBesideStudy(
  { folder, named }: PlacedStudy,
  path: string,
  output: 'report' | 'project'
): Promise<void> {
  if (named[output] !== undefined || (await liesWithin(folder, path))) return
  const option = output === 'report' ? '--out FILE' : '--project FOLDER'
  throw new WorkbenchError(
    'bad-input',
    `The ${output} of the study, ${path}, lies outside its folder, ${folder}.`,
    `A study writes in its folder only. Add ${option} to write the ${output} elsewhere.`
  )
}

/**
 * Returns the path of a report after checking that the report can be written.
 *
 * @param pair name of the pair; null for the page of all pairs
 * @throws WorkbenchError as `requireBesideStudy`, `requireReplaceableReport` and `requireWritable`
 */
export async function writableReport(placed: PlacedStudy, pair: string | null): Promise<string> {
  const path = reportPath(placed, pair)
  await requireBesideStudy(placed, path, 'report')
  await requireReplaceableReport(path)
  // The folder may be a project that does not exist yet. Its path is checked separately.
  const folder = dirname(path)
  if (folder !== placed.projectPath || existsSync(folder)) await requireWritable(path)
  return path
}

/**
 * Checks that a missing project can be created.
 *
 * @throws WorkbenchError as `requireBesideStudy` and `requireWritable`
 */
export async function requireProjectPlace(placed: PlacedStudy): Promise<void> {
  const { projectPath } = placed
  await requireBesideStudy(placed, projectPath, 'project')
  // The program's default folder is created with its first project.
  if (!existsSync(projectPath) && dirname(projectPath) !== projectsFolder())
    await requireWritable(projectPath)
  await requireRoom(projectPath, MIN_RESULT_BYTES)
}

/**
 * Checks all outputs.
 *
 * @param steps requested steps
 * @throws WorkbenchError as `requireProjectPlace`, `writableReport`
 */
export async function requireOutputs(placed: PlacedStudy, steps: readonly StudyStep[]): Promise<void> {
  await requireProjectPlace(placed)
  for (const { kind, pair } of steps) if (kind === 'report') await writableReport(placed, pair)
}
