import { WorkbenchError } from '../../contract/model/problem'
import { errorCode } from '../base/files/atomic-file'
import { errorMessage } from '../base/files/bounded-file'
import { readHead } from '../base/files/file-head'
import { isReportHead } from '../report/report-sign'

/**
 * Refuses to replace any file except an earlier report. A study file may come from another user, and it names the path
 * of its report.
 *
 * @throws WorkbenchError `bad-input` for another file at the path
 */
export async function requireReplaceableReport(path: string): Promise<void> {
  const head = await headOf(path)
  if (head === null || isReportHead(head)) return
  throw new WorkbenchError(
    'bad-input',
    `${path} is there, and is no report of this program: it is not replaced.`,
    'Name another file as "report" of the study, or move that one away.'
  )
}

/** Reads the beginning of a file; null if there is no file. */
async function headOf(path: string): Promise<string | null> {
  try {
    return await readHead(path)
  } catch (error) {
    if (error instanceof WorkbenchError) throw error
    if (errorCode(error) === 'ENOENT') return null
    throw new WorkbenchError('bad-file', `${path} cannot be replaced by a report: ${errorMessage(error)}`)
  }
}
