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

/* Whether what a study writes can be written, asked before hours of work. */

/** @throws WorkbenchError `bad-input` for a place outside the study's folder that only its file names */
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
 * Where a report goes, once it is sure that it can be written there.
 *
 * @param pair null: the page of all pairs
 * @throws WorkbenchError as `requireBesideStudy`, `requireReplaceableReport` and `requireWritable`
 */
export async function writableReport(placed: PlacedStudy, pair: string | null): Promise<string> {
  const path = reportPath(placed, pair)
  await requireBesideStudy(placed, path, 'report')
  await requireReplaceableReport(path)
  // A project that is still to be made may take it: its own place is asked for.
  const folder = dirname(path)
  if (folder !== placed.projectPath || existsSync(folder)) await requireWritable(path)
  return path
}

/** Whether a project that is not there yet can be made. @throws WorkbenchError as `requireBesideStudy` and `requireWritable` */
export async function requireProjectPlace(placed: PlacedStudy): Promise<void> {
  const { projectPath } = placed
  await requireBesideStudy(placed, projectPath, 'project')
  // The program's own folder of projects is made with the first of them.
  if (!existsSync(projectPath) && dirname(projectPath) !== projectsFolder())
    await requireWritable(projectPath)
  await requireRoom(projectPath, MIN_RESULT_BYTES)
}

/** @param steps those that are wanted @throws WorkbenchError as `requireProjectPlace` and `writableReport` */
export async function requireOutputs(placed: PlacedStudy, steps: readonly StudyStep[]): Promise<void> {
  await requireProjectPlace(placed)
  for (const { kind, pair } of steps) if (kind === 'report') await writableReport(placed, pair)
}
