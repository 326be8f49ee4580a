import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { requireWritable } from '../base/files/atomic-file'
import { projectsFolder } from '../base/files/places'
import { LEAST_RESULT_BYTES, requireRoom } from '../base/files/room'
import { requireReplaceableReport } from './replaceable-report'
import type { StudyStep } from './steps'
import { type PlacedStudy, reportPath } from './study-project'

/* Whether what a study writes can be written, asked before hours of work. */

/**
 * Where a report goes, once it is sure that it can be written there.
 *
 * @param pair null: the page of all pairs
 * @throws WorkbenchError as `requireReplaceableReport` and `requireWritable`
 */
export async function writableReport(placed: PlacedStudy, pair: string | null): Promise<string> {
  const path = reportPath(placed, pair)
  await requireReplaceableReport(path)
  // A project that is still to be made may take it: its own place is asked for.
  const folder = dirname(path)
  if (folder !== placed.projectPath || existsSync(folder)) await requireWritable(path)
  return path
}

/** Whether a project that is not there yet can be made. @throws WorkbenchError as `requireWritable` */
export async function requireProjectPlace({ projectPath }: PlacedStudy): Promise<void> {
  // The program's own folder of projects is made with the first of them.
  if (!existsSync(projectPath) && dirname(projectPath) !== projectsFolder())
    await requireWritable(projectPath)
  await requireRoom(projectPath, LEAST_RESULT_BYTES)
}

/** @param steps those that are wanted @throws WorkbenchError as `requireProjectPlace` and `writableReport` */
export async function requireOutputs(placed: PlacedStudy, steps: readonly StudyStep[]): Promise<void> {
  await requireProjectPlace(placed)
  for (const { kind, pair } of steps) if (kind === 'report') await writableReport(placed, pair)
}
