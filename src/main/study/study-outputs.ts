import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileError, inputError, WorkbenchError } from '../../contract/model/problem'
import { errorCode, requireWritable } from '../base/files/atomic-file'
import { liesWithin } from '../base/files/only-folder'
import { projectsFolder } from '../base/files/paths'
import { MIN_RESULT_BYTES, requireRoom } from '../base/files/room'
import { errorMessage } from '../base/files/bounded-file'
import { readHead } from '../base/files/file-head'
import { isReportHead } from '../report/report-sign'
import type { StudyStep } from './steps'
import { type ResolvedStudy, reportPath } from './study-project'

/* Checks that a study can write its outputs, before it computes for hours. */

/**
 * Refuses an output outside the study's folder, unless the user named the output.
 *
 * @throws WorkbenchError `bad-input`
 */
async function requireBesideStudy(
  { folder, named }: ResolvedStudy,
  path: string,
  output: 'report' | 'project'
): Promise<void> {
  if (named[output] !== undefined || (await liesWithin(folder, path))) return
  const option = output === 'report' ? '--out FILE' : '--project FOLDER'
  throw inputError(
    `The ${output} of the study, ${path}, lies outside its folder, ${folder}.`,
    `A study writes in its folder only. Add ${option} to write the ${output} elsewhere.`
  )
}

/** Returns the path of a report that can be written. @param pair null for the page of all pairs */
export async function writableReport(resolved: ResolvedStudy, pair: string | null): Promise<string> {
  const path = reportPath(resolved, pair)
  await requireBesideStudy(resolved, path, 'report')
  await requireReplaceableReport(path)
  // A missing folder may be the project, which the study creates. The path of the project is checked separately.
  const folder = dirname(path)
  if (folder !== resolved.projectPath || existsSync(folder)) await requireWritable(path)
  return path
}

/** Requires that the study's project can be written, and that the disk has room for results. @throws WorkbenchError */
export async function requireProjectPath(resolved: ResolvedStudy): Promise<void> {
  const { projectPath } = resolved
  await requireBesideStudy(resolved, projectPath, 'project')
  // The program's default folder is created with its first project.
  if (!existsSync(projectPath) && dirname(projectPath) !== projectsFolder()) await requireWritable(projectPath)
  await requireRoom(projectPath, MIN_RESULT_BYTES)
}

/** Checks all outputs of the steps. @throws WorkbenchError as `requireProjectPath`, `writableReport` */
export async function requireOutputs(resolved: ResolvedStudy, steps: readonly StudyStep[]): Promise<void> {
  await requireProjectPath(resolved)
  for (const { kind, pair } of steps) if (kind === 'report') await writableReport(resolved, pair)
}

/** Refuses to replace any file except an earlier report, because a study file may come from another user. */
export async function requireReplaceableReport(path: string): Promise<void> {
  const head = await headOf(path)
  if (head === null || isReportHead(head)) return
  throw inputError(
    `${path} is there, and is no report of this program: it is not replaced.`,
    'Name another file as "report" of the study, or move that one away.'
  )
}

/** Returns the beginning of a file; null if there is no file. */
async function headOf(path: string): Promise<string | null> {
  try {
    return await readHead(path)
  } catch (error) {
    if (error instanceof WorkbenchError) throw error
    if (errorCode(error) === 'ENOENT') return null
    throw fileError(`${path} cannot be replaced by a report: ${errorMessage(error)}`)
  }
}
