import type { AnswerCheck } from '../../../contract/documents/answer-check'
import { isFile } from '../../base/files/path-kinds'
import { readDocument } from '../../base/files/migrate'
import { CHECK_FORMAT } from '../../project/documents/stored-documents'

/** Returns the file of the full-answer check beside a sweep: `sweep.check.json` of `sweep.json`. */
export const checkFileBeside = (sweepFile: string): string => sweepFile.replace(/(\.json)?$/i, '.check.json')

/** Reads the full-answer check beside a sweep's file; null without a check of this sweep. */
export async function readCheckBeside(sweepFile: string, sweepId: string): Promise<AnswerCheck | null> {
  const file = checkFileBeside(sweepFile)
  if (!(await isFile(file))) return null
  const { document } = await readDocument(file, CHECK_FORMAT)
  return document.sweepId === sweepId ? document : null
}
